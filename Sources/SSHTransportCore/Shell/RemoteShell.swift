public import ConnectorKit

/// A POSIX shell at the far end that stays for the session and gets one command line after another on its standard input, so that
/// the account's own shell never sees a name.
///
/// Answers are framed by a random token, so that no name and no complaint can end one early.
public final class RemoteShell {
    private let channel: any SSHChannel
    private let connection: SSHSharedConnection
    let stallMilliseconds: Int64
    private let token: String
    private var chunk = [UInt8](repeating: 0, count: 16384)
    private var broken: ConnectorError?
    /// Which program tells about files: `x` GNU or busybox stat, `o` BSD stat, `l` ls.
    private(set) var origin = "l"
    private(set) var hasFind = false

    var serverName: String { connection.endpoint.address }

    /// Throws `.unsupported` where the account has no shell. `answerMilliseconds`: how long it may think about the first question.
    public init(
        _ connection: SSHSharedConnection, answerMilliseconds: Int64, stallMilliseconds: Int64, _ call: any CallContext
    ) throws(ConnectorError) {
        self.connection = connection
        self.stallMilliseconds = stallMilliseconds
        var random = SystemRandomNumberGenerator()
        token = "=" + String(random.next(), radix: 36) + String(random.next(), radix: 36) + "="
        channel = try connection.open(.command("LC_ALL=C exec /bin/sh"), call)
        var programs: [String] = []
        let limits = WaitLimits(
            stallMilliseconds: answerMilliseconds, deadlineMilliseconds: MonotonicClock.milliseconds() + answerMilliseconds, call: call)
        let outcome = try ask(Self.probe, limits) { programs.append(String(decoding: $0, as: UTF8.self)) }
        guard outcome.status == 0 else {
            throw ConnectorError(.unsupported, "The shell of \(connection.endpoint.username) on \(serverName) does not work (\(outcome.message)).")
        }
        channel.established()
        if let first = programs.first(where: { ["x", "o", "l"].contains($0) }) { origin = first }
        hasFind = programs.contains("find")
    }

    /// For a message: how files are looked at.
    public var means: String {
        let stat = ["x": "stat -c", "o": "stat -f"][origin] ?? "ls"
        return "/bin/sh, " + (hasFind ? "find -printf, " : "") + stat
    }

    private static let probe = """
        LC_ALL=C; export LC_ALL; unset CDPATH; \
        if stat -c %f / >/dev/null 2>&1; then printf 'x\\0'; elif stat -f %p / >/dev/null 2>&1; then printf 'o\\0'; else printf 'l\\0'; fi; \
        if [ "$(find / -maxdepth 0 -printf %y 2>/dev/null)" = d ]; then printf 'find\\0'; fi; s=0; m=
        """

    /// Runs a command line that leaves its status in `s` and its complaints in `m`.
    @discardableResult
    func run(_ line: String, _ call: any CallContext, _ each: ([UInt8]) -> Void = { _ in }) throws(ConnectorError) -> ShellReplyReader.Outcome {
        try ask(line, WaitLimits(stallMilliseconds: stallMilliseconds, call: call), each)
    }

    func ask(_ line: String, _ limits: WaitLimits, _ each: ([UInt8]) -> Void) throws(ConnectorError) -> ShellReplyReader.Outcome {
        if let broken { throw broken }
        do throws(ConnectorError) {
            // What a command reads from its standard input must not be the next question.
            try send(Array("{ \(line); } </dev/null; printf '\(token)%s %s\\0' \"$s\" \"$m\"\n".utf8), limits)
            return try receive(limits, each)
        } catch {
            // The answer to this question would be taken for that to the next.
            broken = error
            channel.close()
            throw error
        }
    }

    private func send(_ bytes: [UInt8], _ limits: WaitLimits) throws(ConnectorError) {
        var sent = 0
        while sent < bytes.count {
            switch bytes.withUnsafeBytes({ channel.write(UnsafeRawBufferPointer(rebasing: $0[sent...]), then: .empty) }) {
            case .bytes(let count): sent += count
            case .wouldBlock: try channel.wait(for: .writing, limits)
            case .ended: throw connection.endReason(channel, begun: false, what: "a shell")
            }
        }
    }

    private func receive(_ limits: WaitLimits, _ each: ([UInt8]) -> Void) throws(ConnectorError) -> ShellReplyReader.Outcome {
        var reader = ShellReplyReader(token: token)
        while true {
            switch chunk.withUnsafeMutableBytes({ channel.read(into: $0, then: .empty) }) {
            case .bytes(let count):
                do {
                    if let outcome = try reader.receive(chunk[0..<count], each) { return outcome }
                } catch { throw ConnectorError(.unsupported, "What answers as a shell on \(serverName) is none.") }
            case .wouldBlock: try channel.wait(for: .reading, limits)
            case .ended: throw connection.endReason(channel, begun: false, what: "a shell")
            }
        }
    }

    public func close() { channel.close() }
}
