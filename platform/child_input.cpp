#include "platform/child_input.hpp"

#include "platform/os_process.hpp"

namespace troupe::platform {

using boost::system::error_code;

bool ChildInput::reserve(std::size_t bytes) {
  if (overflowed_ || queued_bytes_ + bytes > OsProcess::stdin_unread_bytes_max) {
    overflowed_ = true;
    return false;
  }
  queued_bytes_ += bytes;
  return true;
}

void ChildInput::write(const std::shared_ptr<void>& owner, std::string data) {
  if (!pipe_.is_open() || ending_) {
    queued_bytes_ -= data.size();
    return;
  }
  output_.append(std::move(data));
  write_some(owner);
}

void ChildInput::end() {
  ending_ = true;
  if (output_.size() == 0) {
    close();
  }
}

void ChildInput::close() {
  error_code ignored;
  pipe_.close(ignored);
}

void ChildInput::write_some(const std::shared_ptr<void>& owner) {
  if (writing_ || output_.size() == 0) {
    return;
  }
  writing_ = true;
  pipe_.async_write_some(output_.take_in_flight(), [this, owner](error_code failed, std::size_t count) {
    writing_ = false;
    output_.consume(count);
    queued_bytes_ -= count;
    if (failed) {
      close();  // The child has closed its end.
    } else if (output_.size() > 0) {
      write_some(owner);
    } else if (ending_) {
      close();
    }
  });
}

}  // namespace troupe::platform
