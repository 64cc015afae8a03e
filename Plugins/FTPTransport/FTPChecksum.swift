internal import ConnectorKit

/// SHA-256 sums by the server's HASH (draft-bryan-ftpext-hash) or XSHA256, whichever FEAT names.
final class FTPChecksum: ServerChecksum {
    private enum Means {
        case hash, xsha256
    }

    /// Slower than any disk or processor that is still in use: how long a server may be silent over a file.
    private static let slowestBytesPerMillisecond: Int64 = 20_000

    private let client: FTPClient
    private let root: FTPRoot
    private let means: Means

    /// Throws `.configuration` where the server offers neither.
    init(_ client: FTPClient, _ root: FTPRoot) throws(ConnectorError) {
        self.client = client
        self.root = root
        if client.features.contains(where: { $0.hasPrefix("HASH ") && $0.contains("SHA-256") }) {
            means = .hash
        } else if client.offers.contains("XSHA256") {
            means = .xsha256
        } else {
            throw ConnectorError(
                .configuration,
                "`verify` is checksum, and \(client.settings.address) computes none: its FEAT names neither HASH with SHA-256 nor XSHA256. Set `verify` to size, or ask the "
                    + "server's operator for one of them.")
        }
    }

    /// Parts (RANG, or more words behind XSHA256) are read in different ways by different servers.
    let isOfAnyPart = false

    func sha256(of path: String, from offset: Int64, bytes: Int64, _ call: any CallContext) throws(ConnectorError) -> [UInt8] {
        guard offset == 0 else { throw ConnectorError(.unsupported, "\(client.settings.address) computes sums of whole files only.") }
        let name = FTPRoot.quoted(path)
        let absolute = try root.file(path)
        let commands = means == .hash ? ["TYPE I", "OPTS HASH SHA-256", "HASH " + absolute] : ["TYPE I", "XSHA256 " + absolute]
        let limit = client.stall + .milliseconds(bytes / Self.slowestBytesPerMillisecond)
        let replies = try client.command(commands, name: name, limit: limit, call)
        // HASH: "213 SHA-256 0-49 SUM NAME"; XSHA256: "250 SUM". The name may hold anything, so it is not looked at.
        let words = replies.last { $0.code == (means == .hash ? 213 : 250) }?.text.split(separator: " ") ?? []
        let sum = means == .hash ? words.dropFirst(2).first : words.first
        guard let sum, let value = Self.bytes(ofHexadecimal: sum) else {
            throw ConnectorError(.transient, "\(client.settings.address) gave no SHA-256 of \(name). It can be tried again.")
        }
        return value
    }

    /// The session's own cancel reaches the client.
    func cancel() {}
    func close() {}

    /// nil where it is not 64 hexadecimal digits.
    private static func bytes(ofHexadecimal text: Substring) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == 64, text.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
