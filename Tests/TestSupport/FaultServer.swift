/// A department's server with every fault that one can have: each path is one.
///
/// Arguments: a file to serve, then, for TLS, a certificate with its key and, where clients must have one, their authority.
package let faultServer = """
  import gzip, hashlib, http.server, json, pathlib, ssl, sys, threading, time
  *options, port_file = sys.argv[1:]
  source = pathlib.Path(options[0])
  counts, seen = {}, []
  class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def answer(self, status, body=b"", length=None, **fields):
      self.send_response(status)
      for name, value in fields.items(): self.send_header(name.replace("_", "-"), value)
      self.send_header("Content-Length", str(len(body) if length is None else length))
      self.end_headers()
      self.wfile.write(body)
    def do_POST(self):
      body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
      seen.append({"path": self.path, "body": body.decode()})
      self.answer(500 if self.path == "/broken-hook" else 204)
    def do_GET(self):
      path = self.path.split("?")[0]
      n = counts[path] = counts.get(path, 0) + 1
      if path == "/seen": return self.answer(200, json.dumps(seen).encode())
      seen.append({"path": self.path, "fields": {k.lower(): v for k, v in self.headers.items()}})
      data = source.read_bytes()
      tag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
      if path in ("/ok", "/cut-once", "/cut-always", "/changes"):
        if self.headers.get("If-None-Match") == tag: return self.answer(304, ETag=tag)
        start = 0
        wanted = self.headers.get("Range")
        if path == "/changes" and n > 1: tag = '"other"'; data = data.upper()
        if wanted and self.headers.get("If-Range", tag) == tag: start = int(wanted[6:].split("-")[0])
        body = data[start:]
        fields = {"ETag": tag, "Accept_Ranges": "bytes"}
        if start: fields["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if path == "/cut-always" or path in ("/cut-once", "/changes") and n == 1:
          self.answer(206 if start else 200, body[:len(body) // 2], length=len(body), **fields)
          self.close_connection = True
          return
        return self.answer(206 if start else 200, body, **fields)
      if path.startswith("/then-") or path == "/unasked":
        # Half at first; then something that is not the other half.
        whole = len(data)
        if n == 1 and path != "/unasked":
          self.answer(200, data[:whole // 2], length=whole, ETag='"v1"'); self.close_connection = True
          return
        if path == "/then-204": return self.answer(204, ETag='"v1"')
        if path == "/then-202": return self.answer(202, ETag='"v1"')
        if path == "/then-empty": return self.answer(206, ETag='"v1"', Content_Range=f"bytes {whole // 2}-{whole - 1}/{whole}")
        if path == "/then-short": return self.answer(206, data[whole // 2:][:9], ETag='"v1"', Content_Range=f"bytes {whole // 2}-{whole // 2 + 8}/{whole}")
        if path == "/then-other": return self.answer(206, data[whole // 2:], ETag='"v2"', Content_Range=f"bytes {whole // 2}-{whole - 1}/{whole}")
        return self.answer(206, data[:whole // 2], Content_Range=f"bytes 0-{whole // 2 - 1}/{whole}")
      if path == "/gzip-cut":
        body = gzip.compress(data)
        self.send_response(200); self.send_header("Content-Encoding", "gzip"); self.send_header("Connection", "close"); self.end_headers()
        self.wfile.write(body[:len(body) // 2]); self.close_connection = True
        return
      if path == "/dated":
        date = "Tue, 24 Nov 2026 06:00:00 GMT"
        if self.headers.get("If-Modified-Since") == date: return self.answer(304)
        return self.answer(200, data, Last_Modified=date)
      if path == "/404": return self.answer(404)
      if path == "/403": return self.answer(403)
      if path == "/500": return self.answer(500, b"<h1>oops</h1>")
      if path == "/flaky": return self.answer(503) if n < 3 else self.answer(200, data)
      if path == "/patient": return self.answer(429, Retry_After="1") if n < 2 else self.answer(200, data)
      if path == "/tomorrow": return self.answer(503, Retry_After="86400")
      if path == "/to-file": return self.answer(302, Location="file:///etc/passwd")
      if path == "/to-other": return self.answer(302, Location="http://other.example/data.csv")
      if path == "/to-metadata": return self.answer(302, Location="http://169.254.169.254/latest/")
      if path == "/to-ok": return self.answer(301, Location="/ok")
      if path == "/loop": return self.answer(302, Location="/loop")
      if path == "/gzip":
        return self.answer(200, gzip.compress(data), Content_Encoding="gzip")
      if path == "/bomb":
        return self.answer(200, gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
      if path == "/large": return self.answer(200, b"", length=50_000_000_000)
      if path in ("/endless", "/slow"):
        self.send_response(200); self.send_header("Transfer-Encoding", "chunked"); self.end_headers()
        try:
          while True:
            chunk = b"id,name\\n" * (10_000 if path == "/endless" else 1)
            self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(chunk), chunk))
            if path == "/slow": time.sleep(0.3)
        except OSError: pass
        return
      if path == "/headers":
        self.send_response(200)
        for i in range(100): self.send_header(f"X-{i}", "x" * 4000)
        self.end_headers()
        return
      if path == "/silent": time.sleep(30); return
      if path == "/garbage": self.wfile.write(b"\\x00\\x01\\x02 not http\\r\\n\\r\\n"); self.close_connection = True; return
      self.answer(404)
  server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
  server.daemon_threads = True
  if len(options) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options[1])
    if len(options) > 2:
      context.load_verify_locations(options[2]); context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
  pathlib.Path(port_file + ".tmp").write_text(f"{server.server_port}\\n")
  pathlib.Path(port_file + ".tmp").rename(port_file)
  server.serve_forever()
  """
