public import ConnectorKit

/// SHA-256 sums by a program of the server's shell, on a channel of its own.
public final class ShellChecksum: ServerChecksum {
    private let shell: RemoteShell
    private let connection: SSHSharedConnection
    private let canceller: SSHSharedConnection.Canceller
    private let ownsConnection: Bool
    private let resolve: (String) throws(ConnectorError) -> [UInt8]
    private let program: String

    /// What an error of a server that has none says, and what to do.
    private static func unavailable(_ server: String, _ reason: String) -> ConnectorError {
        ConnectorError(
            .configuration,
            "`verify` is checksum, and \(server) cannot compute one: \(reason) Set `verify` to size, or ask the server's operator for a shell with sha256sum."
        )
    }

    /// Throws `.configuration` where the account has no shell, or the shell no program for it.
    /// - Parameters:
    ///   - ownsConnection: whether the connection ends with this.
    ///   - resolve: a path of the session as the server has it.
    public init(
        _ connection: SSHSharedConnection, ownsConnection: Bool, settings: SSHSettings, _ call: any CallContext,
        resolve: @escaping (String) throws(ConnectorError) -> [UInt8]
    ) throws(ConnectorError) {
        self.connection = connection
        self.ownsConnection = ownsConnection
        self.resolve = resolve
        canceller = connection.canceller
        do throws(ConnectorError) {
            shell = try RemoteShell(
                connection, answerMilliseconds: Int64(min(settings.endpoint.connectTimeoutSeconds, 10)) * 1000,
                stallMilliseconds: Int64(settings.stallTimeoutSeconds) * 1000, call)
        } catch {
            try call.checkCancellation()
            guard error.status != .authentication else { throw error }
            throw Self.unavailable(settings.endpoint.address, error.message)
        }
        guard let program = try shell.checksumProgram(call) else {
            shell.close()
            throw Self.unavailable(settings.endpoint.address, "its shell has no program for it.")
        }
        self.program = program
    }

    public let isOfAnyPart = true

    public func sha256(of path: String, from offset: Int64, bytes: Int64, _ call: any CallContext) throws(ConnectorError) -> [UInt8] {
        try shell.sha256(resolve(path), from: offset, bytes: bytes, program: program, name: "\"\(printable(Array(path.utf8)))\"", call)
    }

    public func cancel() { canceller.cancel() }

    public func close() {
        shell.close()
        if ownsConnection { connection.close() }
    }
}

extension RemoteShell {
    /// Slower than any disk or processor that is still in use: how long a server may be silent over a file.
    private static let slowestBytesPerMillisecond: Int64 = 20_000

    /// The first program that gives the right sum of nothing; nil where there is none.
    func checksumProgram(_ call: any CallContext) throws(ConnectorError) -> String? {
        var found: String?
        let line =
            "for c in sha256sum 'shasum -a 256' 'sha256 -q' 'openssl dgst -sha256 -r'; do "
            + "case $(printf '' | $c 2>/dev/null) in e3b0c44298fc1c14*) printf '%s\\0' \"$c\"; break;; esac; done; s=0; m="
        try run(line, call) { found = String(decoding: $0, as: UTF8.self) }
        return found
    }

    func sha256(
        _ path: [UInt8], from offset: Int64, bytes: Int64, program: String, name: String, _ call: any CallContext
    ) throws(ConnectorError) -> [UInt8] {
        var answer: [UInt8] = []
        let word = try ShellWord(path: path)
        let input = offset == 0 ? "\(program) < \"$p\"" : "tail -c +\(offset + 1) < \"$p\" | \(program)"
        // What cannot be opened says so before the program has anything to sum.
        let line =
            "p=\(String(decoding: word.bytes, as: UTF8.self)); m=$({ : < \"$p\"; } 2>&1); s=$?; if [ $s = 0 ]; then printf '%s\\0' \"$(\(input))\"; fi"
        let limits = WaitLimits(stallMilliseconds: stallMilliseconds + bytes / Self.slowestBytesPerMillisecond, call: call)
        let outcome = try ask(line, limits) { answer = $0 }
        guard outcome.status == 0 else { throw RemoteMessage.error(outcome.message, "be summed up", name, serverName) }
        guard let sum = Self.bytes(ofHexadecimal: answer.prefix(64)) else {
            throw ConnectorError(.transient, "\(serverName) gave no SHA-256 of \(name). It can be tried again.")
        }
        return sum
    }

    /// nil where it is not 64 hexadecimal digits.
    static func bytes(ofHexadecimal text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, text.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
