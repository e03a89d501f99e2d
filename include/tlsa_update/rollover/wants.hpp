// From the settings to what is wanted: credentials loaded, NAMEs expanded, records derived and checked. Talks
// to a resolver only for mx: and srv: names, to a live server only for --from-server, and never to the zone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tlsa_update/core/planner.hpp"
#include "tlsa_update/rollover/session.hpp"

namespace tlsa_update::rollover {

// One TLSA owner that somebody asked for.
struct AskedOwner {
  Name owner;
  std::optional<Service> service;     // none for a raw owner such as *._tcp.host
  std::optional<Name> source_domain;  // whose MX or SRV record led here: a second name for certificates
  const ServiceSettings* settings = nullptr;
};

// What one service brings: its credentials and its owners.
struct WantedService {
  const ServiceSettings* settings = nullptr;
  std::vector<GivenCredential> credentials;
  std::vector<AskedOwner> owners;
  Desired desired;  // the same at each of its owners; `asked` is left open
};

struct Wants {
  std::vector<WantedService> services;  // of which all could be read
  std::vector<WantedService> unread;    // of which only the names are known; of gather_sound_wants alone
  std::vector<Desired> desired;         // one per owner, sorted, services that share an owner merged
  std::optional<dns::Dnssec> dnssec;    // the weakest verdict on the MX and SRV RRsets that were followed
  std::optional<Error> no_verdict;      // why it is not known of one of them, where it should be
  std::vector<Error> failures;          // one for each service that could not be read
};

// Errors: those of --trust-anchor, and of the first file or NAME that is bad; nothing is half done. Remarks
// are logged as warnings.
[[nodiscard]] boost::asio::awaitable<Result<Wants>> gather_wants(Session& session);

// What the services that this run is not about want: kept from deletion, or of no concern because nothing is
// judged stale.
enum class Others { protected_, ignored };

// The same for those who carry on: a service of which a file cannot be read or an MX or SRV RRset not be
// found is left out. Where it may want something nothing is deleted meanwhile: there `desired` is partial.
// Errors: those of --trust-anchor, a NAME that is none, or no service left.
[[nodiscard]] boost::asio::awaitable<Result<Wants>> gather_sound_wants(Session& session, Others others);

// The owners of NAMEs that come one after the other, in the place of those of `service`: memory does not grow
// with their number.
class OwnerStream {
 public:
  OwnerStream(Session& session, WantedService service, state::NameLines lines)
      : session_(session), service_(std::move(service)), lines_(std::move(lines)) {}

  // The next thousand, or fewer; false at the end. Errors: NameLines', a NAME that is none, an MX or SRV
  // RRset that cannot be found. Remarks are logged as warnings, each once.
  [[nodiscard]] Result<bool> next();
  [[nodiscard]] const WantedService& service() const { return service_; }

 private:
  Session& session_;
  WantedService service_;
  state::NameLines lines_;
  std::set<std::string> said_;
};

// Error usage: a service without any credential.
[[nodiscard]] Result<void> check_credentials(const Wants& wants);

// RFC 3007 section 2: no UPDATE goes out unsigned. Error usage: a name whose primary has no TSIG key.
[[nodiscard]] Result<void> check_keys(Session& session, const Wants& wants);

}  // namespace tlsa_update::rollover
