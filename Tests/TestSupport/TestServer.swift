package import Foundation

/// A server that runs beside a test on loopback, and ends with the value.
package final class TestServer: @unchecked Sendable {
  package let port: Int
  private let process = Process()
  private let folder = TemporaryFolder()
  /// What must last as long as the server.
  package var kept: [AnyObject] = []

  /// Starts a program that writes its port, and a line end, to the file that is its last argument.
  package init(_ arguments: [String], in directory: String? = nil) throws {
    let file = "\(folder.path)/port"
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst()) + [file]
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var text = ""
    for _ in 0..<500 where !text.hasSuffix("\n") {
      Thread.sleep(forTimeInterval: 0.02)
      text = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
    }
    guard let port = Int(text.dropLast()) else { throw StartError() }
    self.port = port
  }

  struct StartError: Error {}

  deinit {
    // Threads that run tests may have SIGTERM blocked, and children inherit that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  package var address: String { "http://127.0.0.1:\(port)" }

  /// A Python script of the standard library; nil, said aloud, where there is no Python.
  package static func python(_ script: String, _ arguments: [String] = [], function: String = #function) throws
    -> TestServer?
  {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
      skip("\(function): there is no python3; `make setup-tests` installs it")
      return nil
    }
    return try TestServer(["/usr/bin/python3", "-c", script] + arguments)
  }
}

/// `daylight serve` on a folder.
package final class ServedSite: @unchecked Sendable {
  package let port: Int
  private let process = Process()
  private let folder = TemporaryFolder()

  /// - Parameter options: further options of `serve`.
  package init(_ path: String, _ options: String...) throws {
    let process = process, folder = folder
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["serve", "--public", path, "--port", "0", "--host", "127.0.0.1"] + options
    let files = ["out", "err"].map { "\(folder.path)/\($0)" }
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    try process.run()
    var found: Int?
    for _ in 0..<500 where found == nil {
      Thread.sleep(forTimeInterval: 0.02)
      let text = String(decoding: FileManager.default.contents(atPath: files[1]) ?? Data(), as: UTF8.self)
      let lines = text.split(separator: "\n")
      // All addresses must be there.
      guard lines.count > options.count(where: { $0 == "--host" }) else { continue }
      let line = lines.first { $0.contains("127.0.0.1") }
      found = line.flatMap { Int($0.split(separator: ":").last?.dropLast() ?? "") }
    }
    guard let found else {
      process.terminate()
      throw TestServer.StartError()
    }
    port = found
  }

  package var address: String { "http://127.0.0.1:\(port)" }
  package var log: String {
    String(decoding: FileManager.default.contents(atPath: "\(folder.path)/out") ?? Data(), as: UTF8.self)
  }

  /// Every address that it listens on.
  package var addresses: [String] {
    String(decoding: FileManager.default.contents(atPath: "\(folder.path)/err") ?? Data(), as: UTF8.self).split(
      separator: "\n"
    )
    .map { String($0.split(separator: " ").last ?? "") }
  }

  /// Asks it to end, and gives its exit code.
  package func stop() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    return process.terminationStatus
  }

  deinit {
    if process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }
}

/// What a server answered.
package struct Answer: Sendable {
  package let status: Int
  /// Names in lower case.
  package let fields: [String: String]
  package let body: Data
}

/// Sends bytes over a connection of its own and reads until the server closes it, or for so long.
package func exchange(_ request: String, port: Int, host: String = "127.0.0.1", seconds: Int = 10) throws -> Data {
  let script = """
    import socket, sys
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=float(sys.argv[4]))
    s.sendall(open(sys.argv[3], "rb").read())
    out = b""
    try:
      while True:
        b = s.recv(65536)
        if not b: break
        out += b
    except TimeoutError: out += b"<timeout>"
    except ConnectionResetError: pass
    open(sys.argv[5], "wb").write(out)
    """
  let folder = TemporaryFolder()
  try Data(request.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/request"))
  _ = try run(
    [
      "/usr/bin/python3", "-c", script, host, "\(port)", "\(folder.path)/request", "\(seconds)",
      "\(folder.path)/answer",
    ])
  return FileManager.default.contents(atPath: "\(folder.path)/answer") ?? Data()
}

/// One request, with the fields given.
package func fetch(_ path: String, _ site: ServedSite, method: String = "GET", _ fields: [String: String] = [:]) throws
  -> Answer
{
  var request = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
  for (name, value) in fields { request += "\(name): \(value)\r\n" }
  let data = try exchange(request + "\r\n", port: site.port)
  guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return Answer(status: 0, fields: [:], body: data) }
  let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
  var answer: [String: String] = [:]
  for line in lines.dropFirst() {
    guard let colon = line.firstIndex(of: ":") else { continue }
    answer[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
  }
  var body = Data(data[end.upperBound...])
  if answer["transfer-encoding"] == "chunked" { body = unchunked(body) }
  return Answer(status: Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0, fields: answer, body: body)
}

private func unchunked(_ data: Data) -> Data {
  var rest = data
  var whole = Data()
  while let end = rest.range(of: Data("\r\n".utf8)),
    let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16),
    count > 0
  {
    whole += rest[end.upperBound..<end.upperBound + count]
    rest = Data(rest[(end.upperBound + count + 2)...])
  }
  return whole
}
