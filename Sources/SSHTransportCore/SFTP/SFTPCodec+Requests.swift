/// One method per request. Each appends the packet to `outgoing` and says which id its reply will carry; nil when as many
/// requests wait as the table holds (`canRequest`).
extension SFTPCodec {
    /// The first packet; the server answers with VERSION.
    public mutating func initialize() {
        appendUInt32(5)
        outgoing.append(SFTPPacketType.initialize.rawValue)
        appendUInt32(3)
    }

    public mutating func open(_ path: [UInt8], _ flags: SFTPOpenFlags, permissions: UInt32?) -> SFTPRequestID? {
        let attributes = SFTPAttributes(permissions: permissions)
        return request(.open, .handle, 4 + path.count + 4 + attributes.encodedLength) {
            $0.appendString(path)
            $0.appendUInt32(flags.rawValue)
            $0.append(attributes)
        }
    }

    public mutating func close(_ handle: [UInt8]) -> SFTPRequestID? { onString(.close, .statusOnly, handle) }
    public mutating func openDirectory(_ path: [UInt8]) -> SFTPRequestID? { onString(.opendir, .handle, path) }
    public mutating func readDirectory(_ handle: [UInt8]) -> SFTPRequestID? { onString(.readdir, .names, handle) }
    public mutating func stat(_ path: [UInt8]) -> SFTPRequestID? { onString(.stat, .attributes, path) }
    public mutating func linkStat(_ path: [UInt8]) -> SFTPRequestID? { onString(.lstat, .attributes, path) }
    public mutating func handleStat(_ handle: [UInt8]) -> SFTPRequestID? { onString(.fstat, .attributes, handle) }
    public mutating func remove(_ path: [UInt8]) -> SFTPRequestID? { onString(.remove, .statusOnly, path) }
    public mutating func removeDirectory(_ path: [UInt8]) -> SFTPRequestID? { onString(.rmdir, .statusOnly, path) }
    public mutating func realPath(_ path: [UInt8]) -> SFTPRequestID? { onString(.realpath, .names, path) }

    /// `count` is 1 or more.
    public mutating func read(_ handle: [UInt8], offset: UInt64, count: Int) -> SFTPRequestID? {
        request(.read, .data(count), 4 + handle.count + 12) {
            $0.appendString(handle)
            $0.appendUInt64(offset)
            $0.appendUInt32(UInt32(truncatingIfNeeded: count))
        }
    }

    /// Everything of a WRITE but its contents: exactly `count` bytes must follow `outgoing` on the stream before anything else.
    public mutating func writeHead(_ handle: [UInt8], offset: UInt64, count: Int) -> SFTPRequestID? {
        request(.write, .statusOnly, 4 + handle.count + 8 + 4, following: count) {
            $0.appendString(handle)
            $0.appendUInt64(offset)
            $0.appendUInt32(UInt32(truncatingIfNeeded: count))
        }
    }

    public mutating func setAttributes(_ handle: [UInt8], _ attributes: SFTPAttributes) -> SFTPRequestID? {
        request(.fsetstat, .statusOnly, 4 + handle.count + attributes.encodedLength) {
            $0.appendString(handle)
            $0.append(attributes)
        }
    }

    public mutating func makeDirectory(_ path: [UInt8]) -> SFTPRequestID? {
        request(.mkdir, .statusOnly, 4 + path.count + 4) {
            $0.appendString(path)
            $0.append(SFTPAttributes())
        }
    }

    /// Version 3 says that an existing target is an error; not all servers keep to it.
    public mutating func rename(_ from: [UInt8], to: [UInt8]) -> SFTPRequestID? {
        request(.rename, .statusOnly, 8 + from.count + to.count) {
            $0.appendString(from)
            $0.appendString(to)
        }
    }

    /// Replaces the target in one step.
    public mutating func posixRename(_ from: [UInt8], to: [UInt8]) -> SFTPRequestID? {
        extended(SFTPExtension.posixRename, .statusOnly, [from, to])
    }

    public mutating func fsync(_ handle: [UInt8]) -> SFTPRequestID? { extended(SFTPExtension.fsync, .statusOnly, [handle]) }
    public mutating func limits() -> SFTPRequestID? { extended(SFTPExtension.limits, .extended, []) }
    public mutating func fileSystem(_ path: [UInt8]) -> SFTPRequestID? { extended(SFTPExtension.statvfs, .extended, [path]) }

    // MARK: Packing

    private mutating func onString(_ type: SFTPPacketType, _ expectation: SFTPRequestTable.Expectation, _ string: [UInt8]) -> SFTPRequestID? {
        request(type, expectation, 4 + string.count) { $0.appendString(string) }
    }

    private mutating func extended(_ name: String, _ expectation: SFTPRequestTable.Expectation, _ strings: [[UInt8]]) -> SFTPRequestID? {
        let name = Array(name.utf8)
        return request(.extended, expectation, strings.reduce(4 + name.count) { $0 + 4 + $1.count }) {
            $0.appendString(name)
            for string in strings { $0.appendString(string) }
        }
    }

    private mutating func request(
        _ type: SFTPPacketType, _ expectation: SFTPRequestTable.Expectation, _ fieldsLength: Int, following: Int = 0,
        _ appendFields: (inout SFTPCodec) -> Void
    ) -> SFTPRequestID? {
        guard let id = requests.add(expectation) else { return nil }
        appendUInt32(UInt32(truncatingIfNeeded: 5 + fieldsLength + following))
        outgoing.append(type.rawValue)
        appendUInt32(id.number)
        appendFields(&self)
        return id
    }

    private mutating func appendUInt32(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { outgoing.append(contentsOf: $0) }
    }

    private mutating func appendUInt64(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { outgoing.append(contentsOf: $0) }
    }

    private mutating func appendString(_ bytes: [UInt8]) {
        appendUInt32(UInt32(truncatingIfNeeded: bytes.count))
        outgoing.append(contentsOf: bytes)
    }

    /// Size, permissions and times, as far as they are set; both times or neither.
    private mutating func append(_ attributes: SFTPAttributes) {
        appendUInt32(attributes.encodedFlags)
        if let size = attributes.size { appendUInt64(UInt64(bitPattern: size)) }
        if let permissions = attributes.permissions { appendUInt32(permissions) }
        if let accessed = attributes.accessed, let modified = attributes.modified {
            appendUInt32(accessed)
            appendUInt32(modified)
        }
    }
}

extension SFTPAttributes {
    fileprivate var encodedFlags: UInt32 {
        (size == nil ? 0 : SFTPAttributeFlags.size) | (permissions == nil ? 0 : SFTPAttributeFlags.permissions)
            | (accessed == nil || modified == nil ? 0 : SFTPAttributeFlags.times)
    }

    fileprivate var encodedLength: Int {
        4 + (size == nil ? 0 : 8) + (permissions == nil ? 0 : 4) + (accessed == nil || modified == nil ? 0 : 8)
    }
}
