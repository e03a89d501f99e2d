#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "socket_trouble.hpp"
#include "stream.hpp"

namespace tlsa_update::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class TcpStream final : public Stream {
 public:
  explicit TcpStream(const asio::any_io_executor& executor) : socket_(executor) {}

  asio::awaitable<Result<void>> connect(const Endpoint& peer) override {
    boost::system::error_code error;
    co_await socket_.async_connect({peer.address, peer.port},
                                   asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return tl::unexpected(unreached(error, peer.address));
    socket_.set_option(tcp::no_delay(true), error);
    co_return Result<void>{};
  }

  asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> room) override {
    boost::system::error_code error;
    const auto size = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                       asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail_socket(error);
    co_return size;
  }

  asio::awaitable<Result<void>> write(ByteView octets) override {
    boost::system::error_code error;
    co_await asio::async_write(socket_, asio::buffer(octets.data(), octets.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail_socket(error);
    co_return Result<void>{};
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  bool peer_has_closed() noexcept override { return end_of_stream(socket_.native_handle()); }

 private:
  tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(const asio::any_io_executor& executor) {
  return std::make_unique<TcpStream>(executor);
}

}  // namespace tlsa_update::dns
