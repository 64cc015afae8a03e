import ConnectModel
import Foundation
import RecordEngine

@testable import GnuPG

/// Two parties with rings of their own in one directory, gone with the object.
final class Parties {
    let directory: String
    let host: KeyRing
    let partner: KeyRing
    /// The host's, with the private half under a passphrase in the host's ring, and the public half in the partner's.
    let hostKey: PGPKey
    /// The partner's the other way round.
    let partnerKey: PGPKey
    static let hostPassphrase = Secret("the host's own passphrase")
    static let partnerPassphrase = Secret("päss phrase of the partner")

    /// The keys are the same for everybody who asks for `shared` ones; `others` have the same names and are not they.
    init(_ rings: Result<MadeRings, any Error> = MadeRings.shared) throws {
        let rings = try rings.get()
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("gnupg-\(UUID().uuidString)").path
        try rings.put(into: directory)
        host = KeyRing(directory: directory + "/host") { _ in Self.hostPassphrase }
        partner = KeyRing(directory: directory + "/partner") { _ in Self.partnerPassphrase }
        hostKey = rings.hostKey
        partnerKey = rings.partnerKey
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func encrypted(_ plain: [UInt8], to recipients: [String]? = nil, signed: Bool = false, armored: Bool = false) throws -> [UInt8] {
        let sink = MemorySink()
        let encrypting = try partner.encrypting(
            to: recipients ?? [hostKey.fingerprint], signedBy: signed ? partnerKey.fingerprint : nil, armored: armored, into: sink)
        try plain.withUnsafeBytes { try encrypting.write($0) }
        try encrypting.finish()
        return sink.bytes
    }

    /// A `gpg` of the test's own on the partner's side, for messages that this program does not make.
    func gpg(_ arguments: [String], input: [UInt8] = [], passphrase: Secret = partnerPassphrase) throws -> [UInt8] {
        let session = try GnuPGSession(programs: try GnuPGPrograms.find(), publicKeys: partner.publicRing, privateKeys: partner.privateKeys)
        defer { session.close() }
        let (output, report) = try session.run(arguments, input: input, needsAgent: true) { _ in passphrase }
        guard report.exitCode == 0 else { throw ConnectError("test.gpg", .internal, "\(report.lines) \(report.lastWords)") }
        return output
    }
}

/// The rings of two parties, as the contents of their files: made once, since making keys takes longer than everything that is done with
/// them. Keys are Ed25519, since RSA takes its time to make.
struct MadeRings: Sendable {
    let hostKey: PGPKey
    let partnerKey: PGPKey
    private let files: [String: Data]

    static let shared = Result { try MadeRings() }
    static let others = Result { try MadeRings() }

    private init() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("gnupg-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func request(_ name: String, _ address: String, _ days: Int?, _ passphrase: Secret) -> KeyRequest {
            KeyRequest(name: name, email: address, algorithm: .ed25519, expiresInDays: days, passphrase: passphrase)
        }
        let host = KeyRing(directory: directory + "/host") { _ in Parties.hostPassphrase }
        let partner = KeyRing(directory: directory + "/partner") { _ in Parties.partnerPassphrase }
        hostKey = try host.generate(request("Host", "host@example.com", nil, Parties.hostPassphrase))
        partnerKey = try partner.generate(request("Partner", "partner@example.org", 90, Parties.partnerPassphrase))
        _ = try partner.take(try host.export(hostKey), passphrase: nil)
        _ = try host.take(try partner.export(partnerKey), passphrase: nil)
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
        files = Dictionary(
            uniqueKeysWithValues: names.compactMap { name in FileManager.default.contents(atPath: "\(directory)/\(name)").map { (name, $0) } })
    }

    /// Writes both rings, as their owners left them.
    func put(into directory: String) throws {
        for (name, contents) in files {
            let place = URL(fileURLWithPath: "\(directory)/\(name)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try contents.write(to: place)
        }
    }
}

func decrypted(
    _ message: [UInt8], by ring: KeyRing, signature: SignatureRule = .ignored, limit: ExpansionLimit = ExpansionLimit(ratio: 200, bytes: 1 << 30)
) throws -> [UInt8] {
    let source = try ring.decrypted(MemorySource(message, largestRead: 100_000), signature: signature, limit: limit)
    defer { source.close() }
    var plain: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 30_000)
    while true {
        let count = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
        if count == 0 { return plain }
        plain += chunk[..<count]
    }
}

func code(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ConnectError)?.code ?? "\(error)"
    }
}

/// Contacts enough to fill every pipe several times.
func contacts(_ count: Int) -> [UInt8] {
    var text = "CUSTOMER_ID_,EMAIL_ADDRESS_,CITY\n"
    for number in 0..<count { text += "C\(number),person\(number)@example.com,\(["Łódź", "Köln", "Paris"][number % 3])\n" }
    return Array(text.utf8)
}
