#include <twinlane/runtime/app/application.hpp>

#include "customer.hpp"
#include "generator.hpp"
#include "product.hpp"

int main(int argc, char** argv) {
  twinlane::application app{"customer360", argc, argv};
  app.agent<customer360::customer>("customer", "/customer/:id");
  app.agent<customer360::product>("product", "/product/:id");
  for (const auto& [name, make] : customer360::generators()) app.generator(name, make);
  return app.default_config("customer360.yaml").ui("ui").run();
}
