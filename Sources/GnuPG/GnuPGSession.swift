import ConnectModel
import Foundation

/// A home directory for one call of `gpg`, with an agent of its own that ends with it.
///
/// `gpg` reaches its agent by a socket in the home directory, whose path may have 107 bytes only, and two runs must not end each other's
/// agent. So each call gets a short directory of links to the ring's files. The agent is started as `gpg-agent --daemon -- gpg …`: it looks
/// every few seconds whether that gpg is still there, so none stays behind even when this process is killed.
final class GnuPGSession: Sendable {
    let directory: String
    private let programs: GnuPGPrograms
    private static let prefix = "connecthost-gpg-"

    /// - privateKeys: the directory that `private-keys-v1.d` is to be.
    /// - publicKeys: the file that `pubring.kbx` begins as; copied, so that a change of the ring meanwhile does no harm.
    init(programs: GnuPGPrograms, publicKeys: String, privateKeys: String) throws {
        self.programs = programs
        directory = try Self.makeDirectory()
        do {
            if FileManager.default.fileExists(atPath: publicKeys) { try FileManager.default.copyItem(atPath: publicKeys, toPath: publicRing) }
            try FileManager.default.createSymbolicLink(atPath: directory + "/private-keys-v1.d", withDestinationPath: privateKeys)
        } catch {
            try? FileManager.default.removeItem(atPath: directory)  // The error below says what was wrong.
            throw ConnectError("pgp.home", .transient, "A directory for GnuPG could not be filled: \(error.localizedDescription)")
        }
    }

    deinit { close() }

    var publicRing: String { directory + "/pubring.kbx" }

    /// Arguments that every call has: no questions to a terminal, no settings of the user, no network.
    private var common: [String] {
        [
            "--homedir", directory, "--no-options", "--batch", "--no-tty", "--yes", "--pinentry-mode", "loopback", "--trust-model", "always",
            "--no-auto-check-trustdb",
            "--no-auto-key-retrieve", "--disable-dirmngr", "--status-fd", "3", "--command-fd", "4",
        ]
    }

    /// `needsAgent` is for whatever touches a private key.
    func start(_ arguments: [String], needsAgent: Bool, answer: @escaping @Sendable (PassphraseQuestion) -> Secret? = { _ in nil }) throws
        -> GnuPGProcess
    {
        guard needsAgent else { return try GnuPGProcess(programs.gpg, common + ["--no-autostart"] + arguments, answer: answer) }
        // The agent of an earlier call may still be there, and is about to go: a second one would not start beside it.
        endAgent()
        let agent = ["--homedir", directory, "--no-options", "--log-file", "/dev/null", "--daemon", "--", programs.gpg]
        return try GnuPGProcess(programs.agent, agent + common + arguments, answer: answer)
    }

    /// Ends the agent and removes the directory; safe to call twice.
    func close() {
        guard FileManager.default.fileExists(atPath: directory) else { return }
        endAgent()
        // What stays is swept away by the next session.
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Tells the agent to end and waits until its socket is gone, ten seconds at most: a busy machine takes its time. One that cannot be told so ends by itself once its
    /// directory is gone.
    private func endAgent() {
        let socket = directory + "/S.gpg-agent"
        guard FileManager.default.fileExists(atPath: socket) else { return }
        let process = try? GnuPGProcess(programs.configuration, ["--homedir", directory, "--kill", "gpg-agent"], answer: { _ in nil })
        _ = process?.finish()
        for _ in 0..<1000 {
            guard FileManager.default.fileExists(atPath: socket) else { return }
            usleep(10_000)
        }
    }

    private static func makeDirectory() throws -> String {
        let wanted = ProcessInfo.processInfo.environment["TMPDIR"].map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? "/tmp"
        let base = wanted.utf8.count > 50 || wanted.isEmpty ? "/tmp" : wanted
        sweep(base)
        var template = Array("\(base)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ConnectError(
                "pgp.home", .transient, "No directory for GnuPG could be made in \(base): \(String(cString: strerror(errno))).",
                remedy: "Set TMPDIR to a directory that can be written.")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Directories of processes that were killed; they hold links and a copy of public keys.
    private static func sweep(_ base: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.hasPrefix(prefix) {
            guard let process = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }), kill(process, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(atPath: "\(base)/\(name)")  // Another user's is not ours to remove.
        }
    }
}

/// Where GnuPG's programs are.
struct GnuPGPrograms: Sendable {
    let gpg: String
    let agent: String
    let configuration: String

    static func find() throws -> GnuPGPrograms {
        func path(_ name: String) throws -> String {
            let places = ["/usr/local/bin", "/usr/bin", "/bin"]
            guard let place = places.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }) else {
                throw ConnectError(
                    "pgp.missing", .configuration,
                    "Encrypted files need GnuPG, and there is no program \(name) in \(places.joined(separator: ", ")).",
                    remedy: "Install it: apt-get install gnupg")
            }
            return "\(place)/\(name)"
        }
        return GnuPGPrograms(gpg: try path("gpg"), agent: try path("gpg-agent"), configuration: try path("gpgconf"))
    }
}
