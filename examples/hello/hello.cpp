#include <twinlane/runtime/app/application.hpp>

struct visit {
  std::string page;
  int seconds{};
  std::string visitor;
};
BOOST_DESCRIBE_STRUCT(visit, (), (page, seconds, visitor))

struct greeting {
  std::string text, visitor;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (text, visitor))

class visitor final : public twinlane::agent {
 public:
  using agent::agent;
  value_lane<greeting> hello{*this, "hello"};
  map_lane<std::string, visit> pages{*this, "pages", twinlane::keep_last(5)};
};

int main(int argc, char** argv) {
  twinlane::application app{"hello", argc, argv};
  app.agent<visitor>("visitor", "/visitor/:id");
  app.default_config("hello_cpp.yaml");
  return app.run();
}
