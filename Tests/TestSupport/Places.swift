package import Foundation

/// The top of the project.
package let projectRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// A file of the cases that lie beside the project; nil, said aloud, where they are not there.
package func sharedFile(_ path: String, function: String = #function) -> String? {
  let full = "\(projectRoot)/../shared/\(path)"
  guard FileManager.default.fileExists(atPath: full) else {
    skip("\(function): ../shared/\(path) is not there")
    return nil
  }
  return full
}

/// Says that a test did not run, and why.
package func skip(_ why: String) { FileHandle.standardError.write(Data("skipped: \(why)\n".utf8)) }

/// The built command line.
package let executable: String = {
  let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  return URL(fileURLWithPath: own ?? CommandLine.arguments[0]).deletingLastPathComponent().path + "/daylight"
}()

/// A Python with the independent clients, installed by `make setup-tests`; nil, said aloud, where it is missing.
package func python(with module: String, function: String = #function) -> String? {
  let path = ProcessInfo.processInfo.environment["DAYLIGHT_PYTHON"] ?? "\(projectRoot)/.cache/python/bin/python"
  guard FileManager.default.isExecutableFile(atPath: path), let probe = try? run([path, "-c", "import \(module)"]),
    probe.code == 0
  else {
    skip("\(function): no Python with \(module); `make setup-tests` installs it")
    return nil
  }
  return path
}

/// A folder that is removed when the value goes away.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() {
    path = FileManager.default.temporaryDirectory.path + "/daylight-test-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

package struct ProcessResult: Sendable {
  package let code: Int32
  /// The signal that ended the process; nil where it exited.
  package let signal: Int32?
  package let output: String
  package let error: String
}

/// Runs a program to its end.
package func run(_ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]) throws
  -> ProcessResult
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: arguments[0])
  process.arguments = Array(arguments.dropFirst())
  if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
  var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LC_") && $0.key != "LANG" }
  for (name, value) in environment { variables[name] = value }
  process.environment = variables
  let scratch = TemporaryFolder()
  let files = ["out", "err"].map { "\(scratch.path)/\($0)" }
  for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
  let handles = files.compactMap { FileHandle(forWritingAtPath: $0) }
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = handles[0]
  process.standardError = handles[1]
  try process.run()
  process.waitUntilExit()
  for handle in handles { try? handle.close() }
  let texts = files.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
  let isSignal = process.terminationReason == .uncaughtSignal
  return ProcessResult(
    code: isSignal ? -1 : process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
    output: texts[0], error: texts[1])
}

/// SHA-256 in hexadecimal digits, by a program that we did not write.
package func sha256(_ data: Data) -> String {
  let folder = TemporaryFolder()
  try? data.write(to: URL(fileURLWithPath: "\(folder.path)/data"))
  let result = try? run(["/usr/bin/sha256sum", "\(folder.path)/data"])
  return result?.output.split(separator: " ").first.map(String.init) ?? ""
}
