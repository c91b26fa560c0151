#include "cast.hpp"

namespace runtime_test {

account::account(construction c) : agent(std::move(c)) {}
account::~account() = default;

relay::relay(construction c) : agent(std::move(c)) {}
relay::~relay() = default;

fan::fan(construction c) : agent(std::move(c)) {}
fan::~fan() = default;

product::product(construction c) : agent(std::move(c)) {}
product::~product() = default;

clerk::clerk(construction c) : agent(std::move(c)) {}
clerk::~clerk() = default;

siren::siren(construction c) : agent(std::move(c)) {}
siren::~siren() = default;

meter::meter(construction c) : agent(std::move(c)) {}
meter::~meter() = default;

chest::chest(construction c) : agent(std::move(c)) {}
chest::~chest() = default;

}  // namespace runtime_test
