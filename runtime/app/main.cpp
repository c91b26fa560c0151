#include <twinlane/runtime/app/application.hpp>

// The generic server: agent types come from the configuration alone.
int main(int argc, char** argv) {
  return twinlane::application{"twinlane", argc, argv}.default_config("twinlane.yaml").run();
}
