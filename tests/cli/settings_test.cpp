// From argv and the configuration to Settings.
#include "settings.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <unistd.h>

#include "config.hpp"
#include "support/folder.hpp"

namespace tlsa_update::cli {
namespace settings_test {

Name name(const std::string& text) { return *Name::parse(text); }

// The example of tlsa-update.conf(5).
constexpr const char* example = R"(server   = ns0.example.net
key-file = /etc/tlsa-update/tsig.key

[zone.example.org]              # per zone: server, key-file, transport, nameserver ...
server = 2001:db8::53@5353

[service.mail]                  # `tlsa-update run mail`, or no NAME: all services
name    = mx:example.com
name    = mail.example.com:465
cert    = /etc/letsencrypt/live/mail.example.com/fullchain.pem
next    = /var/lib/dehydrated/certs/mail.example.com/privkey.roll.pem
tlsa    = 3 1 1
keep    = 3 1 1 9e0ab7c0d9e1f2031425364758697a8b9cadbecfd0e1f2031425364758697a8b
install = /etc/letsencrypt/live/mail.example.com/fullchain.pem -> /etc/postfix/tls/fullchain.pem
install = /etc/letsencrypt/live/mail.example.com/privkey.pem -> /etc/postfix/tls/privkey.pem 0600 postfix:postfix
reload  = systemctl reload postfix
)";

Settings parsed(const std::string& text) {
  Settings settings;
  const auto done = parse_config(text, "x.conf", settings);
  EXPECT_TRUE(done) << done.error().text();
  return settings;
}

using Words = std::vector<std::string>;

Words texts(const std::vector<state::NameText>& names) {
  Words texts;
  for (const auto& name : names) texts.push_back(name.text);
  return texts;
}

TEST(Config, TheExampleMeansWhatItSays) {
  const auto settings = parsed(example);

  EXPECT_EQ(settings.primary.server, (dns::ServerName{"ns0.example.net", 0}));
  EXPECT_EQ(settings.primary.key_file, "/etc/tlsa-update/tsig.key");
  ASSERT_EQ(settings.zones.size(), 1U);
  const auto& zone = settings.zones.at(name("example.org"));
  EXPECT_EQ(zone.server, (dns::ServerName{"2001:db8::53", 5353}));
  EXPECT_EQ(zone.key_file, "/etc/tlsa-update/tsig.key");
  ASSERT_EQ(settings.services.size(), 1U);
  const auto& mail = settings.services.front();
  EXPECT_EQ(mail.label, "mail");
  EXPECT_EQ(texts(mail.names), (Words{"mx:example.com", "mail.example.com:465"}));
  EXPECT_EQ(mail.certs, Words{"/etc/letsencrypt/live/mail.example.com/fullchain.pem"});
  EXPECT_EQ(mail.nexts, Words{"/var/lib/dehydrated/certs/mail.example.com/privkey.roll.pem"});
  EXPECT_EQ(mail.parameters, std::vector{TlsaParameters{}});
  ASSERT_EQ(mail.keep.size(), 1U);
  EXPECT_EQ(to_hex(mail.keep.front().data).substr(0, 4), "9e0a");
  ASSERT_EQ(mail.installs.size(), 2U);
  EXPECT_EQ(mail.installs[0].to, "/etc/postfix/tls/fullchain.pem");
  EXPECT_EQ(mail.installs[0].mode, std::nullopt);
  EXPECT_EQ(mail.installs[1].mode, 0600U);
  EXPECT_EQ(mail.installs[1].owner + ":" + mail.installs[1].group, "postfix:postfix");
  EXPECT_EQ(mail.reload, "systemctl reload postfix");
}

TEST(Config, LineEndsOfAnotherSystemAreNoPartOfAValue) {
  const auto settings =
      parsed("server = ns0.example.net\r\n\r\n[service.a]\r\nname = a:25\r\nreload = true\r\n");
  EXPECT_EQ(settings.primary.server->host, "ns0.example.net");
  EXPECT_EQ(settings.services.front().reload, "true");
}

TEST(Config, ASectionStartsFromTheTopAndReplacesItsLists) {
  const auto settings = parsed(
      "nameserver = a\nnameserver = b\ntlsa = 2 1 1\nttl = 1h\n[zone.x]\nnameserver = c\n[zone.y]\nport = "
      "54\n"
      "[service.m]\nname = m:25\n[service.n]\nname = n:25\ntlsa = 3 1 1\ntlsa = 3 1 2\nttl = 60\n");
  EXPECT_EQ(settings.zones.at(name("x")).nameservers, (std::vector<dns::ServerName>{{"c", 53}}));
  EXPECT_EQ(settings.zones.at(name("y")).nameservers.size(), 2U);
  EXPECT_EQ(settings.zones.at(name("y")).port, 54);
  EXPECT_EQ(settings.services[0].parameters.front().text(), "2 1 1");
  EXPECT_EQ(settings.services[0].ttl, 3600U);
  EXPECT_EQ(settings.services[1].parameters.size(), 2U);
  EXPECT_EQ(settings.services[1].ttl, 60U);
}

TEST(Config, WhatMayBeASecretInTheWrongFileIsNotQuoted) {
  const std::string secret = "c2VjcmV0IHNlY3JldCBzZWNyZQ==";
  for (const std::string& line :
       {std::string("c2VjcmV0IHNlY3JldCBzZWNyZXQ"), secret, "secret \"" + secret + "\";", "[key " + secret,
        "[key " + secret + "]", "[service." + secret + "]\n[service." + secret + "]",
        "[zone." + secret + "..]", "timeout = " + secret, "quiet = " + secret, "server = a:" + secret,
        "[service.a]\nname = " + secret, "[service.a]\ninstall = " + secret, "[service.a]\nkeep = " + secret,
        "tls-pin = x" + secret}) {
    Settings settings;
    const auto done = parse_config(line, "x.conf", settings);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text().find("c2Vj"), std::string::npos) << done.error().text();
  }
}

TEST(Config, AByteOrderMarkIsNoPartOfTheFirstKey) {
  EXPECT_EQ(parsed("\xEF\xBB\xBFserver = ns0.example.net\n").primary.server->host, "ns0.example.net");
  EXPECT_EQ(parsed("\xEF\xBB\xBF# a comment\n[service.a]\nname = a:25\n").services.size(), 1U);
}

TEST(Config, EveryErrorNamesItsLine) {
  struct Row {
    const char* text;
    const char* where;
    const char* says;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"serve = x\n", "x.conf:1", "unknown key \"serve\""},
           {"sevrer = x\n", "x.conf:1", "did you mean server?"},
           {"server = 192.0.2.1#5353\n", "x.conf:1", "a port is written HOST@PORT"},
           {"[service.a]\nreload = sed 's/#//'\n", "x.conf:2", "# begins a comment here"},
           {"\n# c\nbanana\n", "x.conf:3", "KEY = VALUE"},
           {"server\n", "x.conf:1", "KEY = VALUE"},
           {"%original_token%=x\n", "x.conf:1", "unknown key"},
           {"server %invalid_line%\n", "x.conf:1", "KEY = VALUE"},
           {"[service.a]\nserver = x\n", "x.conf:2", "[zone.NAME]"},
           {"[zone.a]\ncert = x\n", "x.conf:2", "[service.NAME]"},
           {"[zone.a]\nmargin = 1\n", "x.conf:2", "top of the file"},
           {"dry-run = yes\n", "x.conf:1", "command line only"},
           {"name = mail:25\n", "x.conf:1", "[service.NAME]"},
           {"[service.a]\nname = a:25\n[service.a]\n", "x.conf:3", "defined twice; first in line 1"},
           {"[zone.a]\n[zone.A.]\n", "x.conf:2", "defined twice; first in line 1"},
           {"server = a\nserver = b\n", "x.conf:2", "server is defined twice"},
           {"[services.a]\n", "x.conf:1", "not a section"},
           {"[service.]\n", "x.conf:1", "not a section"},
           {"[service.a\n", "x.conf:1", "not closed by ]"},
           {"[\n", "x.conf:1", "not closed by ]"},
           {"[zone.a..b]\n", "x.conf:1", ""},
           {"timeout = soon\n", "x.conf:1", "timeout"},
           {"port = 0\n", "x.conf:1", "port"},
           {"quiet = perhaps\n", "x.conf:1", "yes nor no"},
           {"[service.a]\ninstall = a b\n", "x.conf:2", "->"},
           {"[service.a]\nname = mail..x:25\n", "x.conf:2", "mail..x:25"},
           {"[service.a]\nname = nosuch\n", "x.conf:2", "nosuch"},
           {"[service.a]\nname = mail.x:99999\n", "x.conf:2", "99999"},
           {"[service.a]\nname =\n", "x.conf:2", "name"},
           {"[service.a]\n\ncert =\n", "x.conf:3", "a value is needed"},
           {"next =\n", "x.conf:1", "a value is needed"},
           {"tls-pin = !!\n", "x.conf:1", "tls-pin"},
           {"[service.a]\ntlsa = 9 9 9\n", "x.conf:2", "tlsa"},
           {"[service.a]\naddress = foo\n", "x.conf:2", "address: \"foo\" is not an IP address"}}) {
    Settings settings;
    const auto done = parse_config(row.text, "x.conf", settings);
    ASSERT_FALSE(done) << row.text;
    EXPECT_EQ(done.error().code, ErrorCode::configuration) << row.text;
    EXPECT_EQ(done.error().where, row.where) << row.text;
    EXPECT_NE(done.error().text().find(row.says), std::string::npos) << done.error().text();
  }
}

TEST(Config, AServiceHasAName) {
  for (const char* text : {"\n[service.a]\n", "\n[service.a]\ncert = /a.pem\n\n[service.b]\nname = b:25\n",
                           "\n[service.a]\n[zone.x]\n"}) {
    Settings settings;
    const auto done = parse_config(text, "x.conf", settings);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().code, ErrorCode::configuration);
    EXPECT_EQ(done.error().where, "x.conf:2");
    EXPECT_EQ(done.error().what, "the service \"a\" has no name");
  }
}

Words labels(const Settings& settings) {
  Words all;
  for (const auto& service : settings.services) all.push_back(service.label);
  return all;
}

class CommandLine : public testing::Test {
 protected:
  Result<Invocation> parse(Words words) const {
    words.insert(words.begin(), {"tlsa-update"});
    std::vector<const char*> argv;
    for (const auto& word : words) argv.push_back(word.c_str());
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
  }
  Settings settings(const Words& words) const {
    auto invocation = parse(words);
    EXPECT_TRUE(invocation) << invocation.error().text();
    return invocation ? invocation->settings : Settings{};
  }
  Folder folder_;
  std::string config_ =
      folder_.write("c", std::string(example) +
                             "cert = /second.pem\n[service.web]\nname = www.example.com:443\n"
                             "cert = /www.pem\nttl = 60\n");
};

TEST_F(CommandLine, SaysWhatIsWrongAndHowToSeeTheHelp) {
  for (const Words& words : std::initializer_list<Words>{{},
                                                         {"publishh"},
                                                         {"publish", "--frobnicate"},
                                                         {"publish", "--cert"},
                                                         {"publish", "--ser", "x"},
                                                         {"publish", "--wait", "x:25"},
                                                         {"generate", "--server", "x"},
                                                         {"publish", "--port", "70000", "x:25"},
                                                         {"publish", "--format", "zone", "x:25"},
                                                         {"publish", "--ttl", "4294967296", "x:25"},
                                                         {"publish", "--tls-pin", "AAAA", "x:25"},
                                                         {"publish", "--address", "foo", "x:25"},
                                                         {"publish", "--address", "192.0.2.1:25", "x:25"},
                                                         {"publish", "--address", "[192.0.2.1]", "x:25"},
                                                         {"publish", "--address", "[", "x:25"},
                                                         {"publish", "--config", "/dev/null"}}) {
    const auto invocation = parse(words);
    ASSERT_FALSE(invocation) << testing::PrintToString(words);
    EXPECT_EQ(invocation.error().code, ErrorCode::usage) << testing::PrintToString(words);
    EXPECT_FALSE(invocation.error().what.empty());
  }
}

// Unix habit: a wrapper sets one, the person who calls it another.
TEST_F(CommandLine, TheLastOfARepeatedOptionCounts) {
  const auto run = settings({"run", "x:25", "--server", "192.0.2.1", "--cert", "/a", "--ttl=60", "--key-file",
                             "/first", "--cert", "/b", "--server", "192.0.2.2@54", "--ttl", "1h",
                             "--key-file=/k", "--quiet", "--quiet"});
  EXPECT_EQ(run.primary.server, (dns::ServerName{"192.0.2.2", 54}));
  EXPECT_EQ(run.primary.key_file, "/k");
  EXPECT_EQ(run.services.front().ttl, 3600U);
  EXPECT_EQ(run.services.front().certs, (Words{"/a", "/b"}));
  EXPECT_EQ(settings({"run", "--config", "/missing", "--config", config_, "web"}).services.size(), 1U);
}

TEST_F(CommandLine, OptionsMayStandBeforeTheCommand) {
  const auto status = settings({"-v", "--config", config_, "--server=192.0.2.1#54", "-v", "status", "web"});
  EXPECT_EQ(status.command, Command::status);
  EXPECT_EQ(status.verbosity, 2);
  EXPECT_EQ(labels(status), Words{"web"});
  EXPECT_EQ(status.primary.server, (dns::ServerName{"192.0.2.1", 54}));
  EXPECT_EQ(settings({"--format", "json", "--dry-run", "publish", "x:25"}).format, Format::json);
  EXPECT_EQ(settings({"--server", "status", "publish", "x:25"}).command, Command::publish);
  EXPECT_EQ(settings({"-vq", "publish", "x:25"}).command, Command::publish);
}

TEST_F(CommandLine, HelpIsOfTheCommandWhereThereIsOne) {
  for (const Words& words : std::initializer_list<Words>{{"--help", "status"},
                                                         {"status", "--help"},
                                                         {"-v", "status", "-h"},
                                                         {"--config", "/x", "-h", "status"}})
    EXPECT_TRUE(parse(words)->print->starts_with("tlsa-update status:")) << testing::PrintToString(words);
  for (const Words& words : std::initializer_list<Words>{{"--help"}, {"-h"}, {"help"}, {"-v", "--help"}})
    EXPECT_TRUE(parse(words)->print->starts_with("tlsa-update keeps")) << testing::PrintToString(words);
  EXPECT_NE(parse({"-v", "--version"})->print->find("OpenSSL"), std::string::npos);
}

TEST_F(CommandLine, AnOptionThatIsNoneIsNotTakenForACommandsFault) {
  struct Row {
    Words words;
    const char* says;
  };
  for (const auto& row :
       std::initializer_list<Row>{{{"--servr", "192.0.2.1", "publish"}, "unrecognised option '--servr'"},
                                  {{"--servr=192.0.2.1", "publish"}, "unrecognised option '--servr"},
                                  {{"-v", "publishh"}, "\"publishh\" is not a command"},
                                  {{"--server", "publish"}, "no command is given"},
                                  {{"--", "publish"}, "\"--\" is not a command"}}) {
    const auto invocation = parse(row.words);
    ASSERT_FALSE(invocation) << testing::PrintToString(row.words);
    EXPECT_EQ(invocation.error().code, ErrorCode::usage);
    EXPECT_TRUE(invocation.error().what.starts_with(row.says)) << invocation.error().what;
  }
}

TEST_F(CommandLine, AServiceHasACredentialUnlessItIsOnlyLookedAt) {
  const auto bare =
      folder_.write("bare", "[service.a]\nname = a:25\ncert = /a.pem\n\n[service.b]\nname = b:25\n");
  for (const char* command : {"generate", "status", "publish", "ready", "deploy", "prune", "run"}) {
    const auto invocation = parse({command, "--config", bare});
    ASSERT_FALSE(invocation) << command;
    EXPECT_EQ(invocation.error().code, ErrorCode::configuration) << command;
    EXPECT_EQ(invocation.error().where, bare + ":5");
    EXPECT_EQ(invocation.error().what, "the service \"b\" has no certificate or key");
    EXPECT_FALSE(parse({command, "--config", bare, "a"})) << command;
  }
  for (const char* command : {"verify", "list", "doctor"})
    EXPECT_TRUE(parse({command, "--config", bare, "b"})) << command;
  for (const char* option : {"--cert", "--next", "--issuer"})
    EXPECT_TRUE(parse({"run", "--config", bare, "b", option, "/b.pem"})) << option;
  EXPECT_TRUE(parse({"run", "--config", bare, "b", "--from-server", "192.0.2.1:25"}));
  const auto top = folder_.write("top", "cert = /all.pem\n[service.b]\nname = b:25\n");
  EXPECT_TRUE(parse({"run", "--config", top}));
}

TEST_F(CommandLine, AnAddressMayStandInBracketsWhenItIsOfVersion6) {
  const auto run = settings(
      {"run", "--address", "192.0.2.1", "--address", "2001:db8::1", "--address", "[2001:db8::2]", "x:25"});
  Words addresses;
  for (const auto& address : run.services.front().addresses) addresses.push_back(address.to_string());
  EXPECT_EQ(addresses, (Words{"192.0.2.1", "2001:db8::1", "2001:db8::2"}));
}

TEST_F(CommandLine, OfTwoFamiliesTheLastOneCounts) {
  const auto family = [&](Words more) {
    Words words{"status", "x:25"};
    words.insert(words.end(), more.begin(), more.end());
    return settings(words).family;
  };
  EXPECT_EQ(family({}), Family::any);
  EXPECT_EQ(family({"-4"}), Family::ipv4);
  EXPECT_EQ(family({"--ipv6-only"}), Family::ipv6);
  EXPECT_EQ(family({"-4", "-6"}), Family::ipv6);
}

// W3: who is asked, and whether what he says decides, are two matters.
TEST_F(CommandLine, NoneTakesNoResolverAsAWitness) {
  const auto usual = settings({"ready", "x:25"});
  EXPECT_TRUE(usual.has_witness);
  const auto none = settings({"ready", "x:25", "--resolver", "none", "--resolver", "192.0.2.53"});
  EXPECT_FALSE(none.has_witness);
  EXPECT_EQ(none.resolvers, (std::vector{dns::ServerName{"192.0.2.53", 53}}));
  const auto configured = folder_.write("none", "resolver = none\n");
  EXPECT_FALSE(settings({"ready", "x:25", "--config", configured}).has_witness);
  EXPECT_TRUE(settings({"ready", "x:25", "--config", configured, "--resolver", "192.0.2.53"}).has_witness);
}

TEST_F(CommandLine, WhoRemembersServersIsPatientWithThem) {
  EXPECT_TRUE(settings({"run", "x:25", "--cert", "/c"}).is_patient);
  EXPECT_FALSE(settings({"run", "x:25", "--cert", "/c", "--dry-run"}).is_patient);
  EXPECT_FALSE(settings({"verify", "x:25"}).is_patient);
}

TEST(Config, AFamilyIsChosenAtTheTop) {
  const auto family = [](const std::string& text) {
    Settings settings;
    EXPECT_TRUE(parse_config(text, "x.conf", settings)) << text;
    return settings.family;
  };
  EXPECT_EQ(family("ipv4-only = yes\n"), Family::ipv4);
  EXPECT_EQ(family("ipv6-only =\nipv4-only = no\n"), Family::ipv6);
}

// Boost.Program_options never ends over the text of such an error.
TEST_F(CommandLine, APlaceholderOfItsParserIsAWordLikeAnyOther) {
  struct Row {
    Words words;
    const char* says;
  };
  for (const auto& row : std::initializer_list<Row>{
           {{"publish", "--%original_token%"}, "unrecognised option '--%original_token%'"},
           {{"publish", "--%canonical_option%=x"}, "unrecognised option"},
           {{"publish", "-%option%"}, "unrecognised option"},
           {{"publish", "--dry-run=%original_token%"}, "option '--dry-run' takes no value"},
           {{"publish", "--cert"}, "option '--cert' needs a value"},
           {{"publish", "--cert="}, "option '--cert' needs a value"},
           {{"publish", "--cert", "%option%", "--frobnicate"}, "unrecognised option '--frobnicate'"}}) {
    const auto invocation = parse(row.words);
    ASSERT_FALSE(invocation) << testing::PrintToString(row.words);
    EXPECT_EQ(invocation.error().code, ErrorCode::usage);
    EXPECT_TRUE(invocation.error().what.starts_with(row.says)) << invocation.error().what;
  }
}

TEST_F(CommandLine, AZoneMayBeWrittenInItsOwnScript) {
  EXPECT_EQ(settings({"publish", "x.example:25", "--zone", "b\u00fccher.example"}).zone,
            name("xn--bcher-kva.example"));
  EXPECT_EQ(parse({"publish", "x.example:25", "--zone", "b..x"}).error().code, ErrorCode::usage);
}

TEST_F(CommandLine, AConfigurationThatIsNamedMustBeThere) {
  EXPECT_EQ(parse({"run", "--config", folder_ / "missing"}).error().code, ErrorCode::unreadable);
}

TEST_F(CommandLine, WinsOverEveryLayerOfTheConfiguration) {
  const auto run = settings({"run", "--config", config_, "--server", "192.0.2.1@54", "--cert", "/mine.pem",
                             "--cert", "/other.pem", "--key-file", "/k"});
  EXPECT_EQ(run.primary.server, (dns::ServerName{"192.0.2.1", 54}));
  EXPECT_EQ(run.zones.at(name("example.org")).server, (dns::ServerName{"192.0.2.1", 54}));
  EXPECT_EQ(run.zones.at(name("example.org")).key_file, "/k");
  for (const auto& service : run.services) EXPECT_EQ(service.certs, (Words{"/mine.pem", "/other.pem"}));
}

TEST_F(CommandLine, WithoutAnyNameAllServicesAreMeant) {
  EXPECT_EQ(labels(settings({"run", "--config", config_})), (Words{"mail", "web"}));
}

TEST_F(CommandLine, AServiceIsPickedByItsName) {
  const auto run = settings({"run", "--config", config_, "web"});
  EXPECT_EQ(labels(run), Words{"web"});
  EXPECT_EQ(run.services.front().certs, Words{"/www.pem"});
  EXPECT_EQ(run.services.front().ttl, 60U);
}

TEST_F(CommandLine, AnotherNameIsAServiceOfItsOwn) {
  const auto run = settings({"run", "--config", config_, "web", "x.example.com:25"});
  EXPECT_EQ(labels(run), (Words{"web", ""}));
  EXPECT_EQ(texts(run.services.back().names), Words{"x.example.com:25"});
}

TEST_F(CommandLine, WhatIsNotNamedStaysAsItIsConfigured) {
  const auto run = settings({"run", "--config", config_, "web", "--cert", "/mine.pem"});
  ASSERT_EQ(run.others.size(), 1U);
  EXPECT_EQ(run.others.front().label, "mail");
  EXPECT_EQ(run.others.front().certs.back(), "/second.pem");
  EXPECT_TRUE(settings({"run", "--config", config_}).others.empty());
}

TEST_F(CommandLine, NamesComeFromAFileAsWell) {
  const auto names = folder_.write("names", "# all\n a:25 # one\n\nb:25\r\nc:25");
  const auto read = settings({"publish", "--names-from", names}).services.front().names;
  EXPECT_EQ(texts(read), (Words{"a:25", "b:25", "c:25"}));
  EXPECT_EQ(read[2].line, 5U);
}

TEST_F(CommandLine, ASystemsStateIsInOnePlaceAndAUsersAtHome) {
  ::unsetenv("STATE_DIRECTORY");
  const bool is_root = ::geteuid() == 0;
  ::setenv("HOME", "/home/jo", 1);
  ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(settings({"status", "x:25"}).state_directory,
            is_root ? "/var/lib/tlsa-update" : "/home/jo/.local/state/tlsa-update");
  ::setenv("STATE_DIRECTORY", "/run/first:/run/second", 1);  // systemd.exec(5)
  EXPECT_EQ(settings({"status", "x:25"}).state_directory, "/run/first");
  EXPECT_EQ(settings({"status", "--state-directory", "/mine", "x:25"}).state_directory, "/mine");
  ::unsetenv("STATE_DIRECTORY");
}

TEST(Install, IsFromToModeOwner) {
  const auto plain = deployment::parse_install("/a b.pem -> /x.pem");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->from, "/a b.pem");
  EXPECT_EQ(plain->to, "/x.pem");
  const auto full = deployment::parse_install("/a->/x 0640 root:ssl-cert");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->mode, 0640U);
  EXPECT_EQ(full->group, "ssl-cert");
  for (const char* bad : {"", "/a", "/a ->", "-> /x", "/a -> x", "/a -> /x 0888", "/a -> /x 01000",
                          "/a -> /x 0600 a b", "/a -> /x rw"}) {
    EXPECT_FALSE(deployment::parse_install(bad)) << bad;
  }
}

}  // namespace settings_test
}  // namespace tlsa_update::cli
