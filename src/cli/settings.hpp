// What the administrator asked for, typed and checked: the command line on top of the configuration file.
// Holds no policy of its own and opens nothing but the configuration file.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/dns/exchange.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/probe/endpoint.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::cli {

enum class Command : unsigned {
  generate = 1U << 0,
  status = 1U << 1,
  publish = 1U << 2,
  ready = 1U << 3,
  deploy = 1U << 4,
  prune = 1U << 5,
  run = 1U << 6,
  verify = 1U << 7,
  list = 1U << 8,
  doctor = 1U << 9,
};
[[nodiscard]] std::string_view text(Command command);

enum class Format { text, json, zone, rfc3597, nsupdate };

// How one primary is reached: the command line's, or a [zone.NAME] section's.
struct ServerSettings {
  std::optional<dns::ServerName> server;  // none: the zone's SOA MNAME; port 0: none was said
  std::optional<std::uint16_t> port;
  std::string key_file;
  std::string transfer_key_file;
  bool allow_weak_tsig = false;
  bool sign_queries = true;
  dns::Transport transport = dns::Transport::tcp;
  dns::TlsOptions tls;
  std::vector<dns::ServerName> nameservers;
  auto operator<=>(const ServerSettings&) const = default;
};

// A file to install once its certificate may be deployed: "FROM -> TO [MODE [OWNER[:GROUP]]]".
struct Install {
  std::string from;
  std::string to;
  std::optional<unsigned> mode;
  std::string owner;
  std::string group;
};
[[nodiscard]] Result<Install> parse_install(std::string_view text);

// What one service needs: the command line's, or a [service.NAME] section's.
struct ServiceSettings {
  std::string label;  // the section's name; empty for the command line
  std::vector<state::NameText> names;
  std::vector<std::string> certs;
  std::vector<std::string> nexts;
  std::string passphrase_file;
  std::vector<probe::LiveServer> from_servers;
  std::vector<TlsaParameters> parameters;  // empty: 3 1 1
  TaChoice ta = TaChoice::issuer;
  TlsaRecords keep;
  std::optional<probe::StartTls> starttls;
  std::vector<boost::asio::ip::address> addresses;  // empty: the A and AAAA records of the host
  std::optional<std::uint32_t> ttl;
  std::vector<Install> installs;
  std::string reload;
};

struct Settings {
  Command command = Command::status;
  Format format = Format::text;
  int verbosity = 0;
  bool quiet = false;
  bool dry_run = false;
  std::string config_file;  // empty: the default one, when it exists

  ServerSettings primary;
  std::map<Name, ServerSettings> zones;
  ServiceSettings defaults;               // command line, or the top of the configuration
  std::vector<ServiceSettings> services;  // what this run is about; never empty
  std::vector<ServiceSettings> others;    // configured besides, as the configuration has them
  std::vector<std::string> arguments;     // NAMEs as given
  std::string names_from;  // read already; but `generate` reads as it prints, for the last of `services`
  std::optional<Name> zone;

  dns::ReadMode read = dns::ReadMode::automatic;
  std::vector<dns::ServerName> resolvers;
  std::string trust_anchor;
  std::chrono::milliseconds timeout{5000};
  int retries = 2;

  bool force = false;
  bool wait = false;
  std::string state_directory = "/var/lib/tlsa-update";
  unsigned wait_factor = 2;
  Seconds margin{60};
  Seconds grace{3600};
  Seconds settle{10};
  bool assume_deployed = false;
  bool unpublish = false;
  bool adopt_all = false;
  TlsaRecords adopt;

  bool monitor = false;
  std::string metrics;
  int warn_days = 14;
  int critical_days = 3;
};

// Either settings, or text to print before exiting with 0 (--help, --version).
struct Invocation {
  Settings settings;
  std::optional<std::string> print;
};

// Errors: usage (what, and how to see the help), configuration (file and line).
[[nodiscard]] Result<Invocation> parse_command_line(int argc, const char* const* argv);

}  // namespace tlsa_update::cli
