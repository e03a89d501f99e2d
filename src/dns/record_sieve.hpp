// What is kept of the records of a transfer: TLSA RRsets and what decides whether they are answered. Takes
// records in any order, again and again (RFC 5936 section 2.2); looks into no other RDATA.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "tlsa_update/dns/axfr_stream.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {

class RecordSieve {
 public:
  RecordSieve(Name apex, std::set<Name> interesting);
  RecordSieve(const RecordSieve&) = delete;
  RecordSieve& operator=(const RecordSieve&) = delete;

  // Reads one record; a fault is the reader's. The first must be the zone's SOA, the next one like it is the
  // last of all.
  void take(WireReader& reader);

  [[nodiscard]] bool is_closed() const { return is_closed_; }
  [[nodiscard]] TransferredZone finish() &&;

 private:
  void open(WireReader& reader, const RecordFields& fields);
  void close(WireReader& reader, const RecordFields& fields);
  void note_existence();
  void note_wildcards();
  void keep(WireReader& reader, const RecordFields& fields);
  void keep_tlsa(WireReader& reader, const RecordFields& fields);
  void keep_address(WireReader& reader, const RecordFields& fields);
  [[nodiscard]] bool is_in_zone(ByteView owner) const;
  [[nodiscard]] bool is_at_apex() const { return owner_.view().size() == apex_.wire().size(); }

  Name apex_;
  WireName owner_;  // of the record at hand
  std::optional<Record> opening_soa_;
  bool is_closed_ = false;
  std::set<Name> interesting_;
  // By their wire form, those of them not yet met, and which sizes they have.
  std::unordered_map<std::string_view, const Name*> by_wire_;
  std::unordered_map<std::string_view, const Name*> unmet_;
  std::bitset<WireName::max_size + 1> sizes_;
  TransferredZone zone_;
};

}  // namespace tlsa_update::dns
