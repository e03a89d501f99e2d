// What the parts of the stub resolver share: its servers, and one question to the first of them that answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memo.hpp"
#include "tlsa_update/dns/resolver.hpp"

namespace tlsa_update::dns {

// The answer of one server of the stub resolver.
struct ResolverAnswer {
  Message message;
  Dnssec dnssec = Dnssec::unknown;
  std::string server;  // "192.0.2.53@53"
};

// A record set, found at the end of CNAMEs.
struct FoundRecords {
  std::vector<Record> records;
  std::vector<Name> aliases;
  bool name_exists = true;
  Dnssec dnssec = Dnssec::unknown;
};

struct Upstream {
  Exchange exchange;
  bool is_trusted;  // its AD bit is believed (RFC 4035 section 4.9.3: only over a secure channel)
};

// Takes from `message` what lies at `name` or at the end of its CNAMEs, and nothing that the chain does not
// lead to. Moves `name` to the end of the chain.
[[nodiscard]] Result<void> follow(const Message& message, std::uint16_t wanted, Name& name,
                                  FoundRecords& found);

namespace asio = boost::asio;

struct Resolver::State {
  State(asio::any_io_executor where, ResolverOptions how)
      : executor(std::move(where)), options(std::move(how)) {}

  void prepare();
  // NOERROR, NXDOMAIN, or SERVFAIL of every server that answered.
  asio::awaitable<Result<ResolverAnswer>> ask(Question question, bool checking_disabled = false,
                                              Effort effort = Effort::usual);
  asio::awaitable<Result<ResolverAnswer>> ask_briefly(Question question) {
    return ask(std::move(question), false, Effort::little);
  }
  Upstream upstream(const ServerName& server, bool is_trusted, Effort effort);
  asio::awaitable<Dnssec> why_servfail(Question question);
  asio::awaitable<Result<FoundRecords>> find(Name name, std::uint16_t type, Effort effort = Effort::usual);
  asio::awaitable<Result<HostAddresses>> ask_system_for(std::string host) const;
  asio::awaitable<std::vector<std::string>> note_aliases(const std::vector<Service>& services);
  asio::awaitable<std::optional<Name>> zone_at_or_above(Name name);
  asio::awaitable<std::vector<Name>> targets_of_ns(Name zone);
  asio::awaitable<std::vector<asio::ip::address>> find_servers_of(Name zone);

  asio::any_io_executor executor;
  ResolverOptions options;
  std::vector<Upstream> upstreams, brief;  // the same servers
  using Addresses = std::vector<asio::ip::address>;
  std::unique_ptr<Memo<Name, Addresses>> parents;  // by what lies above the apex
};

}  // namespace tlsa_update::dns
