/// Reads what `ssh -v` writes to its standard error: how far it is, and in the end why it failed. A value without I/O.
///
/// The wording has been stable from OpenSSH 8 to 10; a version that says something else costs precision, not correctness.
struct OpenSSHLog {
    private(set) var milestone = ConnectMilestone.started
    /// When each was reached, on `MonotonicClock`.
    private(set) var times: [ConnectMilestone: Int64] = [:]
    /// Type and fingerprint of the key the server presented.
    private(set) var shownHostKey: (type: String, fingerprint: String)?
    /// The server would let this key in, so what is missing is its private half.
    private(set) var serverAcceptsKey = false
    /// The last lines that are not about progress, oldest first.
    private(set) var complaints: [String] = []
    private var line: [UInt8] = []

    private static let longestLine = 2048
    private static let mostComplaints = 24

    mutating func take(_ bytes: some Sequence<UInt8>, atMilliseconds now: Int64) {
        for byte in bytes {
            if byte == 0x0A {
                finishLine(now)
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
    }

    /// The peer answered through the subsystem, so it has let us in whatever the log says.
    mutating func reach(_ milestone: ConnectMilestone, atMilliseconds now: Int64) {
        guard milestone > self.milestone else { return }
        self.milestone = milestone
        times[milestone] = now
    }

    private mutating func finishLine(_ now: Int64) {
        let text = printable(line.last == 0x0D ? line.dropLast() : line[...])
        line.removeAll(keepingCapacity: true)
        if text.hasPrefix("debug1: ") {
            progress(String(text.dropFirst(8)), now)
        } else if text.hasPrefix("Authenticated to ") {
            reach(.authenticated, atMilliseconds: now)
        } else if !text.isEmpty && !text.hasPrefix("OpenSSH_") && !text.hasPrefix("debug") && !text.hasPrefix("Transferred: ") {
            complaints.append(text)
            if complaints.count > Self.mostComplaints { complaints.removeFirst() }
        }
    }

    private mutating func progress(_ text: String, _ now: Int64) {
        if text.hasPrefix("Connecting to ") || text.hasPrefix("Executing proxy command") {
            reach(.resolved, atMilliseconds: now)
        } else if text.hasPrefix("Remote protocol version") {
            // Through a jump host nobody says that a connection was made.
            reach(.connected, atMilliseconds: now)
        } else if text.hasPrefix("Connection established") {
            reach(.connected, atMilliseconds: now)
        } else if text.hasPrefix("Server host key: "), shownHostKey == nil {
            let words = text.dropFirst("Server host key: ".count).split(separator: " ")
            if words.count >= 2 { shownHostKey = (String(words[0]), String(words[1])) }
            reach(.hostKeyShown, atMilliseconds: now)
        } else if text.hasPrefix("Host ") && text.contains(" is known and matches ") {
            reach(.hostKeyAccepted, atMilliseconds: now)
        } else if text.hasPrefix("Server accepts key") {
            serverAcceptsKey = true
        }
    }

    /// Whether a complaint contains the text, in any case of letters.
    func complains(_ text: String) -> Bool {
        complaints.contains { $0.lowercased().contains(text) }
    }

    /// The last complaint that contains the text.
    func complaint(_ text: String) -> String? {
        complaints.last { $0.lowercased().contains(text) }
    }
}
