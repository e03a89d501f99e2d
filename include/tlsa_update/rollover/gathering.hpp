// From the request to what is wanted. Talks to a resolver only for mx: and srv: names, to a live server only
// for
// --from-server, and never to the zone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <set>
#include <string>

#include "tlsa_update/rollover/session.hpp"
#include "tlsa_update/rollover/wants.hpp"

namespace tlsa_update::rollover {

// Errors: those of --trust-anchor, and of the first file or NAME that is bad; nothing is half done. Remarks
// are logged as warnings.
[[nodiscard]] boost::asio::awaitable<Result<Wants>> gather_wants(Session& session);

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

// RFC 3007 section 2: no UPDATE goes out unsigned. Error usage: a name whose primary has no TSIG key.
[[nodiscard]] Result<void> check_keys(Session& session, const Wants& wants);

}  // namespace tlsa_update::rollover
