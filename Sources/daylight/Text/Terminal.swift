internal import Glibc
internal import Publication

/// Writes all of a text to standard output; what cannot be written any more is dropped.
///
/// File names, header texts and keys are other people's: none of them may do anything to the terminal.
func writeOutput(_ text: String) { writeAll(text.withVisibleControls, to: STDOUT_FILENO) }

/// Writes rows as they are to standard output, for another program to read.
func writeRows(_ text: String) { writeAll(text, to: STDOUT_FILENO) }

/// Writes all of a text to standard error.
func writeError(_ text: String) { writeAll(text.withVisibleControls, to: STDERR_FILENO) }

private func writeAll(_ text: String, to descriptor: Int32) {
  let bytes = Array(text.utf8)
  var done = 0
  while done < bytes.count {
    let result = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if result < 0 && errno != EINTR { return }
    done += max(result, 0)
  }
}

func environmentVariable(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// The language of the terminal: Chinese where the locale says so.
func terminalLanguage() -> Language {
  let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(environmentVariable).first { !$0.isEmpty }
  return locale?.hasPrefix("zh") == true ? .zh : .en
}

/// The columns that a text takes on a terminal: Han characters and full-width forms take two.
func displayWidth(_ text: String) -> Int {
  text.unicodeScalars.reduce(0) { width, scalar in
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe4f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1faff,
      0x20000...0x3ffff:
      width + 2
    default: width + 1
    }
  }
}

/// Rows in aligned columns, two spaces apart.
func alignedTable(_ rows: [[String]]) -> String {
  let columnCount = rows.map(\.count).max() ?? 0
  let widths = (0..<columnCount).map { column in
    rows.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0
  }
  return rows.map { row in
    var line = ""
    for (column, cell) in row.enumerated() {
      line += cell
      if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - displayWidth(cell) + 2) }
    }
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }.joined()
}

/// Runs work on a thread of its own.
func detachThread(_ work: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
  var thread = pthread_t()
  let context = Unmanaged.passRetained(Box(work)).toOpaque()
  let result = pthread_create(
    &thread, nil,
    { context in
      guard let context else { return nil }
      Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work()
      return nil
    }, context)
  precondition(result == 0, "no thread")
  pthread_detach(thread)
}
