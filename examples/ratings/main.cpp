#include <twinlane/runtime/app/application.hpp>

#include "customer.hpp"
#include "desk.hpp"
#include "generator.hpp"
#include "segment.hpp"

int main(int argc, char** argv) {
  twinlane::application app{"ratings", argc, argv};
  app.agent<ratings::customer>("customer", "/customer/:id");
  app.agent<ratings::segment>("segment", "/segment/:status");
  app.agent<ratings::desk>("desk", "/desk/:id");
  for (const auto& [name, make] : ratings::generators()) app.generator(name, make);
  return app.default_config("ratings.yaml").ui("ui").run();
}
