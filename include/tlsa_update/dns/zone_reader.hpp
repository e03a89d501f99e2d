// Reads TLSA owners at the primary, by pipelined queries or by AXFR; both give the same ZoneView.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/dns/axfr_stream.hpp"
#include "tlsa_update/dns/discovery.hpp"

namespace tlsa_update::dns {

enum class ReadMode { query, axfr, automatic };
[[nodiscard]] Result<ReadMode> parse_read_mode(std::string_view text);
inline constexpr std::size_t auto_query_limit = 50;  // owners of one zone; beyond it, auto transfers

struct ReadOptions {
  ReadMode mode = ReadMode::automatic;
  std::optional<Name> zone;                     // --zone
  std::shared_ptr<const TsigKey> transfer_key;  // --transfer-key-file; else the primary's key
};

struct ReadZone {
  ZoneView view;
  Exchange* primary = nullptr;  // borrowed from the caller's PrimaryFor
};

struct ReadResult {
  std::vector<ReadZone> zones;                   // sorted by apex and server; owners sorted
  std::vector<std::pair<Name, Error>> failures;  // asked name and why it could not be read
  std::vector<std::string> notes;                // "AXFR refused: asked by query instead"
};

[[nodiscard]] boost::asio::awaitable<ReadResult> read_owners(PrimaryFor primary_for, std::vector<Name> asked,
                                                             ReadOptions options);

// The whole zone for `list`.
[[nodiscard]] boost::asio::awaitable<Result<TransferredZone>> transfer_zone(
    Exchange& primary, Name zone, std::shared_ptr<const TsigKey> transfer_key,
    std::set<Name> interesting = {});

}  // namespace tlsa_update::dns
