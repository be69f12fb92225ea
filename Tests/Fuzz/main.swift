import Glibc

// With -DFUZZING (`make fuzz`) libFuzzer makes the inputs; else files are read, as in `fuzz csv crash-1`: to see a crash again.

/// What libFuzzer calls back has no room for state.
nonisolated(unsafe) private var target: any FuzzTarget = CSVTarget()

private func run(_ bytes: [UInt8]) {
  target.look(at: bytes)
}

#if FUZZING
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
  ) -> CInt
#endif

private func choose(_ name: String) {
  let targets: [any FuzzTarget] = [CSVTarget(), JSONTarget(), EncodingTarget(), SchemaTarget(), YAMLTarget()]
  guard let found = targets.first(where: { $0.name == name }) else {
    print("usage: fuzz \(targets.map(\.name).joined(separator: "|")) [file or libFuzzer's option]…")
    exit(2)
  }
  target = found
}

choose(CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "")

#if FUZZING
  // libFuzzer takes the name of the target for a folder: it is taken out.
  var kept = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
  var pointers: [UnsafeMutablePointer<CChar>?] = kept.map { strdup($0) } + [nil]
  var count = CInt(kept.count)
  let code = pointers.withUnsafeMutableBufferPointer { buffer -> CInt in
    var base = buffer.baseAddress
    return runDriver(&count, &base) { data, size in
      run(Array(UnsafeBufferPointer(start: data, count: size)))
      return 0
    }
  }
  exit(code)
#else
  for path in CommandLine.arguments.dropFirst(2) {
    guard let file = fopen(path, "rb") else {
      print("\(path) cannot be read")
      exit(1)
    }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    fclose(file)
    run(bytes)
    print("\(path): \(bytes.count) bytes, nothing wrong")
  }
#endif
