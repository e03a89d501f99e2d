#include "record_printer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <utility>

#include "tlsa_update/report/record_object.hpp"

namespace tlsa_update::cli {
namespace {

struct Line {
  const Name* owner;  // nullptr: no NAME was given
  std::uint32_t ttl;
  const Wanted* wanted;
};

std::string owner_text(const Line& line) {
  return line.owner == nullptr ? std::string{} : line.owner->text();
}

void print_presentation(Output& out, const Line& line) {
  if (line.owner != nullptr) out << owner_text(line) << " " << line.ttl << " IN TLSA ";
  out << line.wanted->record.text() << "\n";
}

// RFC 3597 section 5, for servers and tools that do not know the type.
void print_rfc3597(Output& out, const Line& line) {
  const Bytes rdata = line.wanted->record.rdata();
  if (line.owner != nullptr) out << owner_text(line) << " " << line.ttl << " IN ";
  out << "TYPE52 \\# " << static_cast<std::uint32_t>(rdata.size()) << " " << to_hex(rdata) << "\n";
}

void print_nsupdate(Output& out, const Line& line) {
  out << "update add " << owner_text(line) << " " << line.ttl << " IN TLSA " << line.wanted->record.text()
      << "\n";
}

std::string json_line(const Line& line) {
  boost::json::object entry;
  if (line.owner != nullptr) {
    entry["owner"] = owner_text(line);
    entry["ttl"] = line.ttl;
  }
  for (const auto& [key, value] : report::record_object(line.wanted->record)) entry[key] = value;
  entry["credential"] = printable(line.wanted->credential, 4096);
  return boost::json::serialize(entry);
}

class Printer {
 public:
  Printer(Output& out, Format format) : out_(out), format_(format) {}

  void begin() {
    if (format_ == Format::json) out_ << "{\"records\":[";
  }
  void print(const Line& line) {
    switch (format_) {
      case Format::text:
      case Format::zone:
        return print_presentation(out_, line);
      case Format::rfc3597:
        return print_rfc3597(out_, line);
      case Format::nsupdate:
        return print_nsupdate(out_, line);
      case Format::json:
        out_ << (is_first_ ? "" : ",") << json_line(line);
        is_first_ = false;
    }
  }
  void end() {
    if (format_ == Format::json) out_ << "]}\n";
    if (format_ == Format::nsupdate) out_ << "send\n";
  }

 private:
  Output& out_;
  Format format_;
  bool is_first_ = true;
};

std::uint32_t ttl_of(const rollover::WantedService& service) {
  return service.settings->ttl.value_or(Policy{}.default_ttl);
}

using Printed = std::set<std::pair<Name, TlsaRecord>>;

// Each record once an owner, in the order in which the credentials were given.
void print_owners(Printer& printer, const rollover::WantedService& service, Printed& printed) {
  for (const auto& asked : service.owners) {
    for (const auto& wanted : service.desired.records) {
      if (printed.insert({asked.owner, wanted.record}).second)
        printer.print({&asked.owner, ttl_of(service), &wanted});
    }
  }
}

void print_bare(Printer& printer, const rollover::WantedService& service, Printed& printed) {
  for (const auto& wanted : service.desired.records) {
    if (printed.insert({Name(), wanted.record}).second) printer.print({nullptr, ttl_of(service), &wanted});
  }
}

Result<void> print_stream(Printer& printer, rollover::Session& session,
                          const rollover::WantedService& service) {
  auto lines = state::NameLines::open(session.request().names_from);
  if (!lines) return tl::unexpected(lines.error());
  rollover::OwnerStream stream(session, service, std::move(*lines));
  while (true) {
    const auto more = stream.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    Printed printed;  // of these names alone: memory does not grow with the file
    print_owners(printer, stream.service(), printed);
  }
}

bool has_names(const rollover::WantedService& service, const rollover::Request& request) {
  return !service.settings->names.empty() || !request.names_from.empty();
}

}  // namespace

Result<void> check_format(const rollover::Wants& wants, const Settings& settings) {
  if (settings.format == Format::text || settings.format == Format::json) return {};
  for (const auto& service : wants.services) {
    if (has_names(service, settings)) continue;
    return fail(ErrorCode::usage, "this format needs a NAME", {}, "give one such as mail.example.com:25");
  }
  return {};
}

Result<void> print_records(Output& out, Format format, rollover::Session& session,
                           const rollover::Wants& wants) {
  Printer printer(out, format);
  printer.begin();
  Printed printed;
  for (const auto& service : wants.services) {
    has_names(service, session.request()) ? print_owners(printer, service, printed)
                                          : print_bare(printer, service, printed);
  }
  if (!session.request().names_from.empty()) {
    const auto done = print_stream(printer, session, wants.services.back());
    if (!done) return done;
  }
  printer.end();
  return {};
}

}  // namespace tlsa_update::cli
