#include "tlsa_update/rollover/session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <unistd.h>

#include "tlsa_update/dns/key_file.hpp"
#include "tlsa_update/state/files.hpp"

namespace tlsa_update::rollover {
namespace {

constexpr const char* default_key_file = "/etc/tlsa-update/tsig.key";
constexpr std::size_t anchor_file_limit = 1U << 20;  // octets
constexpr std::size_t key_file_limit = 1U << 20;     // octets: a whole named.conf fits

Result<dns::Validator> make_validator(const Request& request) {
  const auto& path = request.trust_anchor;
  const auto content = state::read_file(path, anchor_file_limit);
  if (!content) return tl::unexpected(content.error());
  const auto anchors = dns::parse_trust_anchors(std::string(content->begin(), content->end()), path);
  if (!anchors) return tl::unexpected(anchors.error());
  return dns::Validator::open(*anchors, request.resolvers, request.family);
}

// A server that does not know our key refuses what it signs.
const ServerSettings& without_key() {
  static const ServerSettings settings = [] {
    ServerSettings bare;
    bare.sign_queries = false;
    return bare;
  }();
  return settings;
}

const ServerSettings* section_of(const Request& request, const Name& name) {
  for (Name zone = name;; zone = zone.parent()) {
    if (const auto found = request.zones.find(zone); found != request.zones.end()) return &found->second;
    if (zone.is_root()) return nullptr;
  }
}

}  // namespace

Time wall_clock() { return std::chrono::floor<Seconds>(std::chrono::system_clock::now()); }

Session::Session(const Request& request, Events& events) : request_(request), events_(events) {}
Session::~Session() = default;

void Session::run_to_end(std::vector<boost::asio::awaitable<void>> works) {
  std::size_t unfinished = works.size();
  const auto finish = [&unfinished](const std::exception_ptr& fault) {
    if (fault) std::rethrow_exception(fault);
    --unfinished;
  };
  for (auto& work : works) boost::asio::co_spawn(context_, std::move(work), finish);
  context_.restart();
  while (unfinished > 0) context_.run_one();
}

// When no key file is configured: what systemd hands over (LoadCredential= in systemd.exec(5)), or the file
// that it takes that from, so that a hook of root's needs no other configuration than the unit.
std::string Session::key_path(const std::string& configured) {
  if (!configured.empty()) return configured;
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory != nullptr && *directory != '\0') {
    const std::string credential = std::string(directory) + "/tsig.key";
    if (state::file_exists(credential)) return credential;
  }
  // Who may not read it goes without, as monitoring does that runs as a user of its own.
  return ::access(default_key_file, R_OK) == 0 ? default_key_file : std::string{};
}

dns::Resolver& Session::resolver() {
  if (!resolver_) {
    dns::ResolverOptions options;
    options.servers = request_.resolvers;
    options.timeout = request_.timeout;
    options.retries = request_.retries;
    options.family = request_.family;
    resolver_ = std::make_unique<dns::Resolver>(executor(), options);
  }
  return *resolver_;
}

dns::PrimaryFor Session::primary_for() {
  return [this](Name name) { return primary_of(std::move(name)); };
}

bool Session::has_own_section(const Name& name) const { return section_of(request_, name) != nullptr; }

const ServerSettings& Session::server_settings(const Name& name) const {
  if (const auto* section = section_of(request_, name)) return *section;
  const auto concerns = [&](const Name& host) {
    return name.is_at_or_below(host) || (host.is_at_or_below(name) && !name.is_root());
  };
  return std::ranges::any_of(foreign_, concerns) ? without_key() : request_.primary;
}

Result<std::shared_ptr<const dns::TsigKey>> Session::key(const std::string& key_file, bool allow_weak) {
  const std::string path = key_path(key_file);
  if (path.empty()) return nullptr;
  auto& known = keys_[{path, allow_weak}];
  if (known) return known;
  // The key in the place of its file: its error must not show the path, nor may the log.
  if (path.starts_with("hmac-") && std::ranges::count(path, ':') == 2 && !state::file_exists(path))
    return fail(ErrorCode::unreadable, "--key-file takes the name of a file, and this is the key itself", {},
                "put it into a file that only its owner may read");
  const auto content = state::read_secret_file(path, key_file_limit);
  if (!content) return tl::unexpected(content.error());
  auto parsed = dns::parse_key_file(*content, path, {allow_weak, {}});
  if (!parsed) return tl::unexpected(parsed.error());
  for (const auto& note : parsed->notes) events_.warning(path + ": " + note);
  known = std::make_shared<const dns::TsigKey>(std::move(parsed->key));
  return known;
}

Result<dns::Validator*> Session::validator() {
  if (request_.trust_anchor.empty()) return nullptr;
  if (!validator_) validator_.emplace(make_validator(request_));
  if (!*validator_) return tl::unexpected(validator_->error());
  return &**validator_;
}

boost::asio::awaitable<Result<dns::Exchange*>> Session::primary_of(Name name) {
  const ServerSettings& how = server_settings(name);
  const auto port =
      how.port.value_or(static_cast<std::uint16_t>(how.transport == dns::Transport::tls ? 853 : 53));
  if (how.server) {
    auto server = *how.server;
    if (server.port == 0) server.port = port;
    co_return exchange_with(server, how);
  }
  // RFC 2136 section 4.3: the primary is the SOA MNAME.
  const auto mname = co_await resolver().primary_of(name);
  if (!mname) {
    co_return fail(mname.error().code,
                   "no --server is given and the SOA MNAME was not found: " + mname.error().what, name.text(),
                   "give --server");
  }
  const auto host = mname->host_text();
  co_return exchange_with({host, port}, how,
                          host +
                              " is the MNAME of the zone's SOA; if that is not the primary, or is hidden, "
                              "name the primary with --server");
}

boost::asio::awaitable<Result<dns::Exchange*>> Session::follower_of(Name name) {
  ServerSettings plain;  // as a client asks
  plain.sign_queries = false;
  auto servers = server_settings(name).nameservers;
  if (servers.empty()) {
    if (const auto zone = co_await resolver().zone_of(name)) {
      for (const auto& host : co_await resolver().name_servers(*zone))
        servers.push_back({host.host_text(), 53});
    }
  }
  for (const auto& server : servers) {
    const auto exchange = exchange_with(server, plain);
    if (exchange && co_await (*exchange)->query({name, dns::type::soa})) co_return *exchange;
  }
  co_return fail(ErrorCode::no_answer, "no name server of the zone answers", name.text());
}

dns::PrimaryFor Session::follower_for() {
  return [this](Name name) { return follower_of(std::move(name)); };
}

Result<dns::Exchange*> Session::exchange_with(const dns::ServerName& server, const ServerSettings& how,
                                              const std::string& origin) {
  ServerSettings peer = how;
  peer.server = server;
  peer.port.reset();
  peer.key_file = key_path(how.key_file);
  peer.nameservers.clear();  // of no concern to the connection
  auto& place = exchanges_[std::move(peer)];
  if (!place) {
    auto tsig = key(how.key_file, how.allow_weak_tsig);
    if (!tsig && request_.looks_as_client && tsig.error().topic == Topic::access) tsig = nullptr;
    if (!tsig) return tl::unexpected(tsig.error());
    dns::ExchangeOptions options;
    if (!how.transfer_key_file.empty()) {
      auto transfer_key = key(how.transfer_key_file, how.allow_weak_tsig);
      if (!transfer_key) return tl::unexpected(transfer_key.error());
      options.transfer_key = *transfer_key;
    }
    options.server = server;
    options.origin = origin;
    options.look_up = [this](std::string host) { return resolver().addresses_of_server(std::move(host)); };
    options.transport = how.transport;
    options.tls = how.tls;
    options.key = *tsig;
    options.sign_queries = how.sign_queries;
    options.timeout = request_.timeout;
    options.retries = request_.retries;
    options.clock = [] { return static_cast<std::uint64_t>(wall_clock().time_since_epoch().count()); };
    options.log = [this](const std::string& line) { events_.debug(line); };
    place = std::make_unique<dns::Exchange>(executor(), std::move(options));
  }
  return place.get();
}

}  // namespace tlsa_update::rollover
