// Reads TLSA owners at the primary, by pipelined queries or by AXFR; both give the same ZoneView. Never takes
// a wildcard's answer for the owner's own, and hides no owner's failure behind another's success.
//
// By query an owner costs one question and its host another (is it an alias?), and a third where neither
// tells whether the owner exists. NXDOMAIN rules a wildcard out. Where an answer leaves open whether the name
// exists, RRSIG Labels tell (RFC 4035 section 5.3.4), and without a signature a question for "ghost.*.NAME",
// which gets NXDOMAIN exactly when NAME exists (RFC 4592 section 2.2.1); so unsigned zones are read as surely
// as signed ones. Zones come from the SOA of negative answers and from signers; SOA is asked for only where
// neither is there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlsa_update/dns/axfr_stream.hpp"
#include "tlsa_update/dns/discovery.hpp"

namespace tlsa_update::dns {

enum class ReadMode { query, axfr, automatic };
[[nodiscard]] Result<ReadMode> parse_read_mode(
    std::string_view text);                          // "query", "axfr", "auto"; error usage
inline constexpr std::size_t auto_query_limit = 50;  // owners of one zone; beyond it, auto transfers

struct ReadOptions {
  ReadMode mode = ReadMode::automatic;
  std::optional<Name> zone;  // --zone
  bool uncovers = false;     // what a wildcard would answer in the place of each owner is asked for too
};

struct ReadZone {
  ZoneView view;
  Exchange* primary = nullptr;          // borrowed from the caller's PrimaryFor
  std::size_t transferred_records = 0;  // 0: asked by query
};

struct ReadResult {
  std::vector<ReadZone> zones;                   // sorted by apex and server; owners by owner and asked
  std::vector<std::pair<Name, Error>> failures;  // asked name and why it could not be read; sorted
  std::vector<std::string> notes;  // "AXFR ... refused: asked by query instead"; sorted, for people
  std::map<Name, std::vector<boost::asio::ip::address>> hosts;  // A, where reading brought them along
};

// Every distinct name of `asked` ends up in exactly one zone or in `failures`; two names that lead to one
// owner are two OwnerViews. A transfer that fails is a note in automatic mode, and a failure of each of its
// names in axfr mode. What a transfer cannot tell (aliases, names below a zone cut) is asked for by query in
// any mode.
[[nodiscard]] boost::asio::awaitable<ReadResult> read_owners(PrimaryFor primary_for, std::vector<Name> asked,
                                                             ReadOptions options);

// A or AAAA of `host` (`family`: that type) as this server gives them, at whatever end of a CNAME. Errors:
// those of Exchange::query.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<boost::asio::ip::address>>> addresses_at(
    Exchange& primary, Name host, std::uint16_t family);

// The MX hosts of `domain` as this server gives them, the most preferred first; none also of a null MX (RFC
// 7505). Errors: those of Exchange::query.
[[nodiscard]] boost::asio::awaitable<Result<std::vector<Name>>> mail_hosts_at(Exchange& primary, Name domain);

// What is odd about a transfer and no fault of it: for people.
[[nodiscard]] std::vector<std::string> notes_on(const TransferredZone& zone);

// The whole zone. Errors: those of Exchange::transfer and AxfrStream.
[[nodiscard]] boost::asio::awaitable<Result<TransferredZone>> transfer_zone(Exchange& primary, Name zone,
                                                                            std::set<Name> interesting = {});

}  // namespace tlsa_update::dns
