// A host that keeps its agents in SQLite, reads sources, and serves. Ends when its standard input does.
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include <twinlane/ingest/sinks.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/sqlite_store.hpp>
#include <twinlane/twinlane.hpp>
#include <twinlane/web/server.hpp>

using namespace std::chrono_literals;

class note final : public twinlane::agent {
 public:
  using agent::agent;
  value_lane<std::string> text{*this, "text", twinlane::writable};
};

int main(int, char** argv) {
  // snippet: store
  twinlane::sqlite_store_options kept;
  kept.file = argv[1];
  auto host = std::make_shared<twinlane::runtime>(twinlane::runtime_options(),
                                                  std::make_unique<twinlane::sqlite_store>(std::move(kept)));
  host->add<note>("note", "/note/:id");
  host->start();
  // end

  twinlane::ingest::source_spec notes;
  notes.name = "notes";
  notes.from = twinlane::ingest::kafka_spec{"127.0.0.1:1", "notes", "consumer", {{"no.such.property", "1"}}};
  notes.entity = "/note/{id}";
  notes.lane = "text";
  try {
    twinlane::ingest::sources refused({notes}, *host, {});
    std::cout << "taken\n";
  } catch (const twinlane::ingest::source_error& e) {
    std::cout << (std::string(e.what()).find("no.such.property") != std::string::npos ? "librdkafka answers\n"
                                                                                      : e.what());
  }

  twinlane::feed in{*host, "in"};
  if (in.put("/note/1", "text", std::string("kept")) || !in.wait(10s)) return 1;
  twinlane::web::options web;
  web.port = 0;
  twinlane::web::server server(web, host);
  server.start();
  std::cout << "http://127.0.0.1:" << server.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {}
  server.stop(5s);
  return host->stop(10s) ? 0 : 1;
}
