import Foundation
import TestSupport

/// python-tuf, unmodified, against a site served on loopback: a client that we did not write.
struct TUFClient {
  private let python: String
  private let site: TestSite

  init?(_ site: TestSite, function: String = #function) {
    guard let python = TestSupport.python(with: "tuf.ngclient", function: function) else { return nil }
    self.python = python
    self.site = site
  }

  /// Starts from the first root, refreshes, and downloads every target that any role signs: `ok <count>`, `empty` where there is
  /// no repository yet, or what went wrong.
  func verify(now: String) throws -> String { try verify(["\(site.path)/public"], now: now).first ?? "nothing" }

  /// The same for many public folders, one answer each.
  func verify(_ folders: [String], now: String) throws -> [String] {
    let result = try run([python, "-c", Self.script, now] + folders)
    let lines = result.output.split(separator: "\n").map(String.init)
    return lines.count == folders.count ? lines : [result.output + result.error]
  }

  private static let script = """
    import datetime, functools, http.server, json, pathlib, sys, tempfile, threading, hashlib
    now = datetime.datetime.fromisoformat(sys.argv[1]).replace(tzinfo=datetime.timezone.utc)
    import tuf.ngclient._internal.trusted_metadata_set as trusted
    class Clock(datetime.datetime):
      @classmethod
      def now(cls, tz=None): return now
    trusted.datetime = type("module", (), {"datetime": Clock, "timezone": datetime.timezone})
    from tuf.ngclient import Updater
    class Quiet(http.server.SimpleHTTPRequestHandler):
      def log_message(self, *a): pass
    def verify(public):
      if not (public / "metadata/timestamp.json").exists(): return "empty"
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(public)))
      threading.Thread(target=server.serve_forever, daemon=True).start()
      base = f"http://127.0.0.1:{server.server_port}"
      with tempfile.TemporaryDirectory() as work:
        (pathlib.Path(work) / "m").mkdir(); (pathlib.Path(work) / "t").mkdir()
        u = Updater(work + "/m", base + "/metadata/", work + "/t", base + "/targets/", bootstrap=(public / "metadata/1.root.json").read_bytes())
        u.refresh()
        count = 0
        for name, meta in u._trusted_set.snapshot.meta.items():
          role = json.loads((public / f"metadata/{meta.version}.{name}").read_bytes())["signed"]
          for path in role["targets"]:
            info = u.get_targetinfo(path)
            if info is None: return f"{path} is not found"
            data = pathlib.Path(u.download_target(info)).read_bytes()
            # The readable copy is the same file.
            if path.count("/") == 3 and (public / "data" / path).read_bytes() != data: return f"data/{path} differs"
            count += 1
      server.shutdown()
      return f"ok {count}"
    for folder in sys.argv[2:]:
      try: print(verify(pathlib.Path(folder)))
      except Exception as error: print(f"{type(error).__name__}: {error}".replace("\\n", " "))
    """
}
