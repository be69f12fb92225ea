internal import Glibc

/// What tells the running program's file from any other, its own next version too: device, number, size and times.
///
/// - Throws: `FileError` where the system does not say.
package func runningProgramIdentity() throws(FileError) -> String {
  var status = stat()
  guard stat("/proc/self/exe", &status) == 0 else { throw FileError("look at", "/proc/self/exe") }
  return "\(status.st_dev) \(status.st_ino) \(status.st_size)"
    + " \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
}
