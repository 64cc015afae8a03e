public import ConnectorKit
internal import Glibc

/// Asks a server for its host keys with OpenSSH's `ssh-keyscan`, or libssh2 where that is not installed: no credential is sent and nothing is trusted (FS-7).
public enum HostKeyScan {
    /// The keys of the server, best type first. Throws as a connection would when it cannot be reached.
    public static func run(host: String, port: Int, timeoutSeconds: Int, _ call: any CallContext) throws(ConnectorError) -> [HostKey] {
        guard SSHEndpoint.isHost(host) else { throw ConnectorError(.configuration, "\(quoted(host)) in `host` is not a host name or address.") }
        guard let program = ChildProcess.find("ssh-keyscan") else {
            return try LibSSH2HostKeyScan.run(host: host, port: port, timeoutSeconds: timeoutSeconds, call)
        }
        let place = try anybody(host: host, port: port, timeoutSeconds: timeoutSeconds).withPermittedAddress(call).fixedAddress ?? host
        let null = FileDescriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
        let output = try FileDescriptor.pipe()
        let complaints = try FileDescriptor.pipe()
        let arguments = ["-T", String(timeoutSeconds), "-p", String(port), "-t", "ed25519,ecdsa,rsa", "--", place]
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let child = try ChildProcess(
            program, arguments, environment: ["PATH=" + path, "LC_ALL=C"], input: null.number, output: output.writing.number,
            error: complaints.writing.number)
        defer { child.end() }
        output.writing.close()
        complaints.writing.close()
        // The program's own limit counts for each key type.
        let limit = MonotonicClock.milliseconds() + Int64(timeoutSeconds) * 1000 + 1000
        let (keys, log) = try collect(output.reading, complaints.reading, until: limit, call)
        let found = parse(keys)
        guard found.isEmpty else { return found }
        // ssh-keyscan cannot be told to take the broken algorithms that some servers have alone; looking at their key does no harm.
        if String(decoding: log, as: UTF8.self).contains("SSH-2.0-") {
            let old = (try? ofOldServer(host: host, port: port, timeoutSeconds: timeoutSeconds, call)) ?? []
            if !old.isEmpty { return old }
        }
        throw failure(host: host, port: port, timeoutSeconds, log)
    }

    /// The key that a server behind a jump host presents: `ssh` goes there, writes down the key and is let in by nobody, because it offers nothing.
    static func throughJump(to endpoint: SSHEndpoint, _ call: any CallContext) throws(ConnectorError) -> [HostKey] {
        let endpoint = try endpoint.withPermittedAddress(call)
        guard let jump = endpoint.jump else { return [] }
        return try asked(endpoint, call) { (program, files) throws(ConnectorError) in
            try ["ProxyCommand=" + OpenSSHJump(jump, to: endpoint, program, files).command]
        } failing: { files in
            var log = OpenSSHLog()
            log.take(content(of: files.path + "/" + OpenSSHJump.logName), atMilliseconds: MonotonicClock.milliseconds())
            return log.jumpFailure(jump, to: endpoint)
        }
    }

    /// An endpoint that only names the place: no credential of it is ever used.
    private static func anybody(host: String, port: Int, timeoutSeconds: Int) throws(ConnectorError) -> SSHEndpoint {
        try SSHEndpoint(
            host: host, port: port, username: "nobody", credential: .password("-"), hostKeys: [], connectTimeoutSeconds: timeoutSeconds,
            keepaliveSeconds: 0)
    }

    private static func ofOldServer(host: String, port: Int, timeoutSeconds: Int, _ call: any CallContext) throws(ConnectorError) -> [HostKey] {
        let endpoint = try anybody(host: host, port: port, timeoutSeconds: timeoutSeconds).withPermittedAddress(call)
        let algorithms =
            SSHAlgorithmPolicy.legacy.openSSHOptions(provenBy: []).filter { !$0.hasPrefix("HostKeyAlgorithms=") } + ["HostKeyAlgorithms=+ssh-rsa"]
        return try asked(endpoint, call) { (_, _) throws(ConnectorError) in
            algorithms
        } failing: { _ in
            nil
        }
    }

    /// The key that `ssh` writes down on its way to a log-in that it does not even try.
    ///
    /// - Parameters:
    ///   - more: options for `ssh`, which may need files of their own.
    ///   - failing: a better reason than `ssh` gives when no key was seen.
    private static func asked(
        _ endpoint: SSHEndpoint, _ call: any CallContext, _ more: (_ program: String, PrivateDirectory) throws(ConnectorError) -> [String],
        failing: (PrivateDirectory) -> ConnectorError?
    ) throws(ConnectorError) -> [HostKey] {
        guard let program = ChildProcess.find("ssh") else {
            throw ConnectorError(.configuration, "The program ssh was not found. Install OpenSSH's client (package openssh-client).")
        }
        let files = try PrivateDirectory(forScripts: false)
        defer { files.remove() }
        let seen = files.path(for: "seen")
        let options =
            [
                "UserKnownHostsFile=" + seen, "GlobalKnownHostsFile=/dev/null", "HostKeyAlias=" + OpenSSHCommand.hostKeyAlias,
                "StrictHostKeyChecking=accept-new", "HashKnownHosts=no", "UpdateHostKeys=no", "PreferredAuthentications=none",
                "PubkeyAuthentication=no",
                "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "IdentityAgent=none", "IdentityFile=none", "BatchMode=yes",
                "ConnectTimeout=\(endpoint.connectTimeoutSeconds)",
            ] + (try more(program, files))
        let null = FileDescriptor(open("/dev/null", O_RDWR | O_CLOEXEC))
        let output = try FileDescriptor.pipe()
        let complaints = try FileDescriptor.pipe()
        let child = try ChildProcess(
            program, OpenSSHCommand.firstWords(endpoint, options) + ["--", endpoint.host, "exit"],
            environment: OpenSSHCommand.environment(askpass: nil),
            input: null.number, output: output.writing.number, error: complaints.writing.number)
        defer { child.end() }
        output.writing.close()
        complaints.writing.close()
        let limit = MonotonicClock.milliseconds() + Int64(endpoint.connectTimeoutSeconds) * 2000 + 1000
        let (_, said) = try collect(output.reading, complaints.reading, until: limit, call)
        let found = parse(content(of: seen))
        guard found.isEmpty else { return found }
        if let failure = failing(files) { throw failure }
        var log = OpenSSHLog()
        log.take(said, atMilliseconds: MonotonicClock.milliseconds())
        throw log.failure(endpoint) { [] }
    }

    private static func content(of path: String) -> [UInt8] {
        let descriptor = FileDescriptor(open(path, O_RDONLY | O_CLOEXEC))
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while descriptor.number >= 0, content.count < 262_144 {
            let count = read(descriptor.number, &chunk, chunk.count)
            guard count > 0 else { break }
            content += chunk[0..<count]
        }
        return content
    }

    /// Lines are `HOST TYPE BASE64`; comments and whatever is not a key of a known type are passed over.
    static func parse(_ text: [UInt8]) -> [HostKey] {
        let keys = text.split(separator: 0x0A).compactMap { line -> HostKey? in
            let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 3, !words[0].hasPrefix("#") else { return nil }
            return HostKey(type: words[1], base64: words[2])
        }
        let order = HostKey.types.map(\.type)
        var seen = Set<HostKey>()
        return order.flatMap { type in keys.filter { $0.type == type && seen.insert($0).inserted } }
    }

    private static func collect(
        _ output: FileDescriptor, _ complaints: FileDescriptor, until limit: Int64, _ call: any CallContext
    ) throws(ConnectorError) -> (output: [UInt8], complaints: [UInt8]) {
        var texts: [[UInt8]] = [[], []]
        var descriptors = [output.number, complaints.number]
        var chunk = [UInt8](repeating: 0, count: 4096)
        while descriptors.contains(where: { $0 >= 0 }) {
            try call.checkCancellation()
            let left = limit - MonotonicClock.milliseconds()
            if left <= 0 { break }
            var polled = (descriptors + [call.cancelFileDescriptor]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&polled, nfds_t(polled.count), Int32(min(left, 200)))
            for index in 0..<2 where polled[index].revents != 0 {
                let count = read(descriptors[index], &chunk, chunk.count)
                if count > 0 {
                    // A key is a few hundred bytes; nobody needs to send a megabyte here.
                    if texts[index].count < 262_144 { texts[index].append(contentsOf: chunk[0..<count]) }
                } else if count == 0 || errno != EINTR {
                    descriptors[index] = -1
                }
            }
        }
        return (texts[0], texts[1])
    }

    private static func failure(host: String, port: Int, _ seconds: Int, _ log: [UInt8]) -> ConnectorError {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let text = String(decoding: log, as: UTF8.self).lowercased()
        if text.contains("name or service not known") || text.contains("no address associated") {
            return ConnectorError(.configuration, "The name \(host) was not found. Check the spelling of `host`.")
        }
        if text.contains("temporary failure") {
            return ConnectorError(.transient, "The name \(host) was not found just now: the name server did not answer. Check the network.")
        }
        if text.contains("refused") {
            return ConnectorError(.transient, "\(address) refused the connection. Check `host` and `port`, and that the SSH server is running.")
        }
        return ConnectorError(
            .timeout,
            "\(address) showed no host key within \(seconds) s (\(printable(log.split(separator: 0x0A).last ?? []))). "
                + "Check that `port` is its SSH port, and the firewalls between here and there.")
    }
}
