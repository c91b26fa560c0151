// An ordinary service that keeps live twins of its parcels: no port, no broker, no configuration.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <twinlane/twinlane.hpp>

#include "parcel.hpp"

using namespace std::chrono_literals;

// snippet: follow
// Runs on a thread of the service's own, until the parcel is where it should be.
void show(twinlane::replica& parcel) {
  while (parcel.next(10s)) {
    if (!parcel.exists()) continue;
    const auto& state = parcel.document()["state"];
    std::cout << "rev " << parcel.rev() << ": " << state << '\n';
    if (state["delivered"]) return;
  }
}
// end

// snippet: host
int main() {
  twinlane::runtime host;
  host.add<parcel>("parcel", "/parcel/:id");
  host.start();

  twinlane::replica watched{host, "/parcel/7"};
  std::thread display{[&] { show(watched); }};

  twinlane::feed scanner{host, "scanner"};
  const auto seen = [&](const scan& s) {
    if (const auto why = scanner.put("/parcel/7", "scans", s)) std::cerr << why->detail << '\n';
    scanner.wait(10s);
  };
  seen({"Porto", "collected"});
  seen({"Lyon", "moved"});
  const auto redirected = twinlane::call(host, "/parcel/7", "redirect", std::string{"Nice"});
  seen({"Nice", "delivered"});
  const auto refused = twinlane::call(host, "/parcel/7", "redirect", std::string{"Oslo"});

  display.join();
  std::cout << "redirected: " << std::get<twinlane::command_result>(redirected).result << '\n';
  std::cout << "refused: " << std::get<twinlane::error>(refused).detail << '\n';
  return host.stop(10s) ? 0 : 1;
}
// end
