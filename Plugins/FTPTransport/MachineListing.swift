/// Lines of MLSD and MLST (RFC 3659 section 7).
enum MachineListing {
    /// nil when the line is not one. Lines for the directory itself and its parent have kind `.other` and the names "." and "..".
    static func parse(_ line: some Collection<UInt8>) -> ListedFile? {
        let line = Array(line.prefix { $0 != 0x0D && $0 != 0x0A })
        guard let blank = line.firstIndex(of: 0x20), blank + 1 < line.count else { return nil }
        var file = ListedFile(name: Array(line[(blank + 1)...]), kind: .other)
        var hasType = false
        for fact in line[..<blank].split(separator: UInt8(ascii: ";")) {
            guard let equals = fact.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let value = String(decoding: fact[(equals + 1)...], as: UTF8.self)
            switch String(decoding: fact[..<equals], as: UTF8.self).lowercased() {
            case "type":
                hasType = true
                apply(type: value.lowercased(), to: &file)
            case "size", "sizd":
                if let size = Int64(value), size >= 0 { file.size = size }
            case "modify": file.modified = FTPTime.unixNanoseconds(value)
            case "unix.mode": file.unixMode = (UInt32(value, radix: 8) ?? 0) & 0o7777
            default: continue
            }
        }
        if !hasType { file.kind = .file }
        if file.kind == .directory { file.size = nil }
        return file
    }

    private static func apply(type: String, to file: inout ListedFile) {
        switch type {
        case "file": file.kind = .file
        case "dir": file.kind = .directory
        // Whatever name stands there, they are no entries of the directory.
        case "cdir": file.name = [0x2E]
        case "pdir": file.name = [0x2E, 0x2E]
        default: file.kind = type.hasPrefix("os.unix=slink") || type.hasPrefix("os.unix=symlink") ? .link : .other
        }
    }
}
