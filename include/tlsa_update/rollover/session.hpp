// The connections of one run: an event loop, the resolver, and one Exchange for each primary that the
// settings name. Opens each only when it is asked for. The wall clock is read here and nowhere below.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tlsa_update/core/events.hpp"
#include "tlsa_update/core/time.hpp"
#include "tlsa_update/dns/discovery.hpp"
#include "tlsa_update/dns/resolver.hpp"
#include "tlsa_update/dns/validator.hpp"
#include "tlsa_update/rollover/request.hpp"

namespace tlsa_update::rollover {

[[nodiscard]] Time wall_clock();

class Session {
 public:
  Session(const Request& request, Events& events);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs several coroutines at once to their ends; results in the order of the work. Idle connections stay
  // open.
  template <class T>
  std::vector<T> run_all(std::vector<boost::asio::awaitable<T>> works) {
    std::vector<std::optional<T>> results(works.size());
    std::vector<boost::asio::awaitable<void>> keepers;
    keepers.reserve(works.size());
    for (std::size_t i = 0; i < works.size(); ++i) keepers.push_back(keep(std::move(works[i]), results[i]));
    run_to_end(std::move(keepers));
    std::vector<T> values;
    values.reserve(results.size());
    for (auto& result : results) values.push_back(std::move(*result));
    return values;
  }

  void run_all(std::vector<boost::asio::awaitable<void>> works) { run_to_end(std::move(works)); }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    std::vector<boost::asio::awaitable<T>> works;
    works.push_back(std::move(work));
    return std::move(run_all(std::move(works)).front());
  }

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] Events& events() const { return events_; }
  [[nodiscard]] dns::Resolver& resolver();
  [[nodiscard]] dns::PrimaryFor primary_for();
  // Instead of a primary that does not answer, for who only looks: the first other server of the zone that
  // does.
  [[nodiscard]] dns::PrimaryFor follower_for();
  [[nodiscard]] const ServerSettings& server_settings(
      const Name& name) const;                                 // the closest [zone.NAME], else the default
  [[nodiscard]] bool has_own_section(const Name& name) const;  // [zone.NAME]

  // From here on this host, of an MX or SRV record, is read where its own zone says, without a key. False: it
  // was known.
  bool note_foreign(const Name& host) { return foreign_.insert(host).second; }
  [[nodiscard]] bool is_known_as_foreign(const Name& host) const { return foreign_.contains(host); }

  // The TSIG key of these settings; none when no key file is configured. Loaded once.
  [[nodiscard]] Result<std::shared_ptr<const dns::TsigKey>> key(const std::string& key_file, bool allow_weak);
  // Where that key is: `configured`, else a default one that is there, else "".
  [[nodiscard]] static std::string key_path(const std::string& configured);

  // Of --trust-anchor; nullptr without that option. Made once. Errors: unreadable, and those of
  // dns::parse_trust_anchors and dns::Validator::open.
  [[nodiscard]] Result<dns::Validator*> validator();

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  template <class T>
  static boost::asio::awaitable<void> keep(boost::asio::awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
  }
  void run_to_end(std::vector<boost::asio::awaitable<void>> works);

  [[nodiscard]] boost::asio::awaitable<Result<dns::Exchange*>> primary_of(Name name);
  [[nodiscard]] boost::asio::awaitable<Result<dns::Exchange*>> follower_of(Name name);
  // `origin`: what to do if this is the wrong server.
  [[nodiscard]] Result<dns::Exchange*> exchange_with(const dns::ServerName& server, const ServerSettings& how,
                                                     const std::string& origin = {});

  const Request& request_;
  Events& events_;
  boost::asio::io_context context_{1};
  std::unique_ptr<dns::Resolver> resolver_;
  // By path, and whether weak algorithms are allowed.
  std::map<std::pair<std::string, bool>, std::shared_ptr<const dns::TsigKey>> keys_;
  std::optional<Result<dns::Validator>> validator_;
  std::set<Name> foreign_;
  std::map<ServerSettings, std::unique_ptr<dns::Exchange>> exchanges_;  // names that agree share one
};

}  // namespace tlsa_update::rollover
