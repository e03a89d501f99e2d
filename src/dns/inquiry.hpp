// What is asked of primaries to learn where a TLSA owner lives and whether a wildcard stands in for it. Every
// question is asked once, however many owners want to know; all of them may be asked at the same time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "memo.hpp"
#include "tlsa_answer.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

struct Existence {
  bool exists = true;        // as a name of its own, if only as an ancestor of one; not through a wildcard
  std::optional<Name> zone;  // when the answer tells
};

struct HostAnswer {
  bool is_answered = true;  // by a record of its own or a wildcard's; that is, not NXDOMAIN
  Name end;                 // of its CNAMEs, as far as this server knows them; the host itself without any
};

// Of a whole zone, as its primary answers.
struct ZoneFacts {
  std::uint32_t serial = 0, negative_ttl = 0;
  bool is_signed = false;
};

class Inquiry {
 public:
  // TLSA at `name`. Errors: those of Exchange::query and of read_tlsa_answer.
  [[nodiscard]] boost::asio::awaitable<Result<TlsaAnswer>> tlsa(Exchange& primary, Name name);

  // Does `name` exist, or does a wildcard answer for it? Precondition: one of the two is so. No record need
  // be compared and no denial of existence be read: a name below "*.NAME" is asked for, and RFC 4592
  // section 2.2.1 says that nothing covers it when NAME exists (its example is "ghost.*.example."), while the
  // wildcard that covers NAME covers it as well when NAME does not.
  [[nodiscard]] boost::asio::awaitable<Result<Existence>> existence(Exchange& primary, Name name);

  // What A says of `host`; the addresses are noted.
  [[nodiscard]] boost::asio::awaitable<Result<HostAnswer>> host(Exchange& primary, Name host);

  // The A records of every host that was asked about.
  [[nodiscard]] const std::map<Name, std::vector<boost::asio::ip::address>>& noted() const { return noted_; }

  // The apex of the zone that holds `name`, by its SOA: that of the name itself or of an authoritative
  // negative answer, asked upwards only where an alias or a silent server hides it.
  [[nodiscard]] boost::asio::awaitable<Result<Name>> zone_of(Exchange& primary, Name name);

  // Error refused: `primary` does not serve a zone `apex`.
  [[nodiscard]] boost::asio::awaitable<Result<ZoneFacts>> zone(Exchange& primary, Name apex);

 private:
  using Place = std::pair<Exchange*, Name>;
  Memo<Place, Result<TlsaAnswer>> tlsa_;
  Memo<Place, Result<Existence>> existence_;
  Memo<Place, Result<HostAnswer>> host_;
  Memo<Place, Result<Name>> zone_of_;
  Memo<Place, Result<ZoneFacts>> zone_;
  std::map<Name, std::vector<boost::asio::ip::address>> noted_;
};

// The addresses in an answer, at whatever end of a CNAME; what is malformed is left out.
[[nodiscard]] std::vector<boost::asio::ip::address> addresses_in(const Message& message);

}  // namespace tlsa_update::dns
