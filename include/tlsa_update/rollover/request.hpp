// What is to be kept true, and how the world is reached: all that a rollover needs to know of what the
// administrator asked for. Holds no policy of its own and opens nothing.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tlsa_update/core/credential.hpp"
#include "tlsa_update/core/pasted.hpp"
#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/deployment/install.hpp"
#include "tlsa_update/dns/exchange.hpp"
#include "tlsa_update/dns/zone_reader.hpp"
#include "tlsa_update/probe/endpoint.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::rollover {

// How one primary is reached: the command line's, or a [zone.NAME] section's.
struct ServerSettings {
  std::optional<dns::ServerName> server;  // none: the zone's SOA MNAME; port 0: none was given
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

// What one service needs: the command line's, or a [service.NAME] section's.
struct ServiceSettings {
  std::string label;          // the section's name; empty for the command line
  std::size_t line = 0;       // of the section's heading in the configuration
  std::string configuration;  // its path; "" for the command line
  std::vector<state::NameText> names;
  std::vector<Name> excepts;  // hosts of mx: and srv: names that are left out
  std::vector<std::string> certs;
  std::vector<std::string> nexts;
  std::vector<std::string> issuers;  // CA certificates that may sign next
  std::string passphrase_file;
  std::vector<probe::LiveServer> from_servers;
  std::vector<TlsaParameters> parameters;  // empty: 3 1 1
  TaChoice ta = TaChoice::issuer;
  TlsaRecords keep;
  std::optional<probe::StartTls> starttls;
  std::vector<boost::asio::ip::address> addresses;  // empty: the A and AAAA records of the host
  bool address_only = false;                        // those in DNS are left out before a deletion, too
  std::optional<std::uint32_t> ttl;
  std::uint32_t longest_ttl = 86400;  // that the records may have had before they were watched
  std::vector<deployment::Install> installs;
  std::string reload;
};

// For people: its label, or its first name.
[[nodiscard]] std::string name_of(const ServiceSettings& service);

struct Request {
  std::vector<ServiceSettings> services;  // what this run is about; never empty
  std::vector<ServiceSettings> others;    // configured besides, as the configuration has them
  std::string names_from;                 // the file that the first names came from, for messages

  ServerSettings primary;
  std::map<Name, ServerSettings> zones;
  std::optional<Name> zone;
  dns::ReadMode read = dns::ReadMode::automatic;
  std::vector<dns::ServerName> resolvers;
  bool has_witness = true;  // false: what the resolver gives decides nothing (--resolver none)
  Family family = Family::any;
  std::string trust_anchor;
  std::chrono::milliseconds timeout{5000};
  std::chrono::milliseconds probe_timeout{30000};  // one connection to a service
  int retries = 2;
  bool looks_as_client =
      false;  // verify: what this user may not read, and a primary that is away, are done without
  bool is_patient = false;  // a name server out of reach is tried again before it counts as such

  bool dry_run = false;
  bool force = false;
  std::string state_directory = "/var/lib/tlsa-update";
  unsigned wait_factor = 2;
  Seconds margin{60};
  Seconds grace{3600};
  Seconds settle{10};
  bool assume_deployed = false;
  bool unpublish = false;
  bool adopt_all = false;
  std::vector<RecordAt> adopt;
  Seconds forget_after{7 * 86400};
  std::vector<std::string> forget;
};

// What the planner needs of it; which of adding and deleting is asked for is left open.
[[nodiscard]] Policy policy_of(const Request& request);

}  // namespace tlsa_update::rollover
