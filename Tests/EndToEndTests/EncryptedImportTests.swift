import ConnectTesting
import Foundation
import Testing

/// Imports of encrypted files, through the program as its users have it, from partners who have a `gpg` of their own.
@Suite(.waits) struct EncryptedImportTests {
    private static let file = "contacts.csv.gz.pgp"
    private static let records = 3000

    /// Two jobs for one file: `any` looks at no signature, `signed` wants the partner's.
    private func installation(_ partner: Partner) throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: any
                kind: import-list
                file: { name: "\(Self.file)" }
                target: { list: CONTACTS }
              - name: signed
                kind: import-list
                file: { name: "\(Self.file)", encryption: pgp, signature: required, signed_by: [\(partner.fingerprint), \(partner.formerFingerprint)] }
                target: { list: CONTACTS }
            """)
        return installation
    }

    /// The host's key as `gpg --export-secret-keys` wrote it somewhere else, and the partner's public one.
    private func takeKeys(_ installation: Installation, _ partner: Partner) throws {
        let private_ = try installation.directory.write("imports.asc", partner.texts["imports.asc"] ?? Data())
        let wrong = try installation.run("keys", "import", private_, "--passphrase-stdin", input: "not this one\n")
        #expect(wrong.status == 3 && wrong.errors.contains("does not open"), "\(wrong.errors)")
        #expect(try installation.json("keys", "list").count == 0)
        try installation.expectSuccess("keys", "import", private_, "--passphrase-stdin", input: Partner.passphrase + "\n")
        let public_ = try installation.directory.write("partner.asc", partner.texts["partner.asc"] ?? Data())
        let taken = try installation.json("keys", "import", public_)
        #expect(taken[0]["fingerprint"].string == partner.fingerprint)
        #expect(taken[0]["is_private"].bool == false)
    }

    @Test("IMP-4: a partner encrypts for a key that was made here; the file is decrypted and inflated on its way, and archived as it came")
    func generated() throws {
        let partner = try Partner.shared.get()
        let installation = try installation(partner)
        let key = try installation.json(
            "keys", "generate", "Example Corp imports", "--email", "data@example.com", "--type", "ed25519", "--days", "30")
        let fingerprint = try #require(key["fingerprint"].string)
        #expect(key["is_private"].bool == true && key["validity"].string == "valid")
        try installation.expectSuccess("keys", "export", "data@example.com", "--file", installation.directory.path + "/public.asc")
        #expect(try installation.expectSuccess("keys", "export", fingerprint).hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----"))
        let message = try partner.encrypted(for: "public.asc", recipient: fingerprint, in: installation.directory)
        try installation.put(Self.file, message)
        let preview = try installation.json("jobs", "preview", "any")
        #expect(preview["records"]["inserted"].int == Self.records, "\(preview["error"]["message"].string ?? "")")
        let run = try installation.json("jobs", "run", "any")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == Self.records)
        #expect(run["bytes"].int == message.count)
        #expect(installation.directory.contents("home/files/archive/\(Self.file).1.1") == message)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
        #expect(try installation.run("keys", "remove", fingerprint).status == 3)
        try installation.expectSuccess("keys", "remove", fingerprint, "--private")
        #expect(try installation.json("keys", "list").count == 0)
    }

    @Test("IMP-4: what is signed by a key that the job lists is loaded with a private key that was brought here under its passphrase")
    func signed() throws {
        let partner = try Partner.shared.get()
        let installation = try installation(partner)
        try takeKeys(installation, partner)
        try installation.put(Self.file, partner.message("signed"))
        let found = try installation.json("files", "inspect", "files", "upload/" + Self.file)
        #expect(found["encryption"].string == "pgp" && found["compression"].string == "gzip" && found["columns"].count == 2)
        let run = try installation.json("jobs", "run", "signed")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == Self.records)
        let log = try installation.expectSuccess("runs", "log", try #require(run["run"].string))
        #expect(!log.contains(Partner.passphrase))
    }

    @Test("IMP-4, T27: where a signature is required, a file that by its name is not encrypted is not taken without one")
    func plainName() throws {
        let installation = try Installation()
        func job(_ file: String) -> String {
            "jobs: [{ name: any, kind: import-list, file: { \(file), signature: required, signed_by: [\(String(repeating: "0123456789", count: 4))] }, target: { list: CONTACTS } }]"
        }
        try installation.apply("lists: [{ name: CONTACTS }]\n" + job("name: \"contacts*\""))
        try installation.put("contacts.csv", "EMAIL_ADDRESS_\nanna@example.com\n")
        let run = try installation.json("jobs", "run", "any")
        #expect(run["error"]["code"].string == "pgp.not-encrypted" && run["error"]["message"].string?.contains("contacts.csv") == true)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.1"])
        let refused = try installation.run("validate", "-", input: job("name: contacts.csv"))
        #expect(refused.status == 3 && refused.output.contains("bears no signature"), "\(refused.output)")
        #expect(try installation.run("validate", "-", input: job("name: contacts.csv, encryption: pgp")).status == 0)
    }

    @Test("IMP-4, IMP-5, T17: a count file may be encrypted like the data file, and must be whole like it")
    func counted() throws {
        let partner = try Partner.shared.get()
        let installation = try installation(partner)
        try takeKeys(installation, partner)
        try installation.apply(
            """
            jobs:
              - name: counted
                kind: import-list
                file: { name: "\(Self.file)", count_file: "{NAME}.cnt.gz.pgp", signature: required, signed_by: [\(partner.fingerprint)] }
                target: { list: CONTACTS }
            """)
        let signed = try partner.message("signed")
        try installation.put(Self.file, signed)
        for (count, code) in [(try partner.message("unsigned"), "pgp.unsigned"), (signed.dropLast(), "pgp.damaged")] {
            try installation.put("contacts.cnt.gz.pgp", Data(count))
            let refused = try installation.json("jobs", "run", "counted")
            #expect(refused["error"]["code"].string == code && refused["error"]["message"].string?.contains("contacts.cnt.gz.pgp") == true)
            #expect(installation.directory.names(in: "home/files/upload").contains(Self.file))
        }
        try installation.put("contacts.cnt.gz.pgp", signed)
        #expect(try installation.json("jobs", "run", "counted")["records"]["inserted"].int == Self.records)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
    }

    /// A file that must not be loaded, by which job, and what is said of it.
    private struct Refusal {
        var job = "any"
        var what: String
        var message: Data
        var code: String
        var words: String
        /// Its contents are at fault, so that it goes to the archive; otherwise it stays for another try, and a copy is in the archive (IMP-7).
        var isDataFault: Bool
    }

    private func refusals(_ partner: Partner) throws -> [Refusal] {
        let signed = try partner.message("signed")
        var changed = signed
        changed[signed.count / 2] ^= 0x01
        return [
            Refusal(
                what: "for another's key", message: try partner.message("elsewhere"), code: "pgp.no-key", words: "keys import", isDataFault: false),
            Refusal(what: "for an expired key", message: try partner.message("old"), code: "pgp.key-expired", words: "expired", isDataFault: false),
            Refusal(
                what: "for a revoked key", message: try partner.message("withdrawn"), code: "pgp.key-revoked", words: "revoked", isDataFault: false),
            Refusal(what: "cut in half", message: signed.prefix(signed.count / 2), code: "pgp.damaged", words: "cut off", isDataFault: true),
            Refusal(what: "without its last byte", message: signed.dropLast(), code: "pgp.damaged", words: "cut off", isDataFault: true),
            Refusal(what: "with one bit changed", message: changed, code: "pgp.damaged", words: "changed on its way", isDataFault: true),
            Refusal(
                what: "signed and not encrypted", message: try partner.message("open"), code: "pgp.not-encrypted", words: "not encrypted",
                isDataFault: true),
            Refusal(
                what: "no message", message: try partner.message("contacts.csv.gz"), code: "pgp.not-encrypted", words: "no OpenPGP message",
                isDataFault: true),
            Refusal(
                job: "signed", what: "unsigned", message: try partner.message("unsigned"), code: "pgp.unsigned", words: "is not signed",
                isDataFault: true),
            Refusal(
                job: "signed", what: "by an unknown key", message: try partner.message("stranger"), code: "pgp.signer", words: "not in the key ring",
                isDataFault: false),
            Refusal(
                job: "signed", what: "by a listed key that is revoked", message: try partner.message("former"), code: "pgp.signature",
                words: "revoked", isDataFault: true),
            Refusal(
                job: "signed", what: "changed, by a listed key", message: changed, code: "pgp.damaged", words: "changed on its way", isDataFault: true
            ),
        ]
    }

    @Test(
        "T27, IMP-7: a message for another's key, for an expired or revoked one, cut off, changed, or not signed as asked loads nothing, says why, and is kept"
    )
    func refused() throws {
        let partner = try Partner.shared.get()
        let installation = try installation(partner)
        try takeKeys(installation, partner)
        let old = try installation.directory.write("old.asc", partner.texts["old.asc"] ?? Data())
        #expect(try installation.json("keys", "import", old)[0]["validity"].string == "expired")
        let former = try installation.directory.write("former.asc", partner.texts["former.asc"] ?? Data())
        #expect(try installation.json("keys", "import", former)[0]["validity"].string == "revoked")
        for refusal in try refusals(partner) { try expectRefused(refusal, installation) }
        // Whose key is in the ring is not whom the job lists.
        let stranger = try installation.directory.write("stranger.asc", partner.texts["stranger.asc"] ?? Data())
        try installation.expectSuccess("keys", "import", stranger)
        try expectRefused(
            Refusal(
                job: "signed", what: "by a key that is not listed", message: try partner.message("stranger"), code: "pgp.signer",
                words: "file.signed_by", isDataFault: false),
            installation)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
    }

    private func expectRefused(_ refusal: Refusal, _ installation: Installation) throws {
        let what = Comment(rawValue: refusal.what)
        try installation.put(Self.file, Data(refusal.message))
        let run = try installation.json("jobs", "run", refusal.job)
        #expect(run["status"].string == "failed", what)
        #expect(run["error"]["code"].string == refusal.code, what)
        let said = (run["error"]["message"].string ?? "") + " " + (run["error"]["remedy"].string ?? "")
        #expect(said.contains(refusal.words) && said.contains("Nothing was loaded."), "\(refusal.what): \(said)")
        #expect(run["records"]["inserted"].int == 0, what)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0, what)
        let number = try #require(run["run"].string)
        #expect(installation.directory.contents("home/files/archive/\(Self.file).\(number)") == Data(refusal.message), what)
        #expect(installation.directory.names(in: "home/files/upload") == (refusal.isDataFault ? [] : [Self.file]), what)
        if !refusal.isDataFault { try FileManager.default.removeItem(atPath: installation.upload + "/" + Self.file) }
    }
}

/// A partner with a `gpg` and a key ring of its own: keys and messages, made once for the suite and kept in memory, since making keys takes longer
/// than all imports together. Nothing of it is left on disk, and no agent.
private struct Partner: Sendable {
    static let shared = Result { try Partner() }
    static let passphrase = "open, sesame!"

    /// Of the key that the partner signs with.
    let fingerprint: String
    /// Of one that was revoked after messages had been made with it.
    let formerFingerprint: String
    /// Files by name: messages, and keys in armoured form.
    let texts: [String: Data]

    private init() throws {
        let directory = try TemporaryDirectory()
        let contacts = "EMAIL_ADDRESS_,NAME\n" + (0..<3000).map { "p\($0)@example.com,Name number \($0)\n" }.joined()
        try directory.write("contacts.csv", contacts)
        let shell = try ChildRun("/bin/sh", ["-c", "cd '\(directory.path)' && \(Self.script)"], environment: ["PASSPHRASE": Self.passphrase]).wait()
        guard shell.status == 0 else { throw TestFailure("the partner's messages could not be made: \(shell.errors)") }
        let fingerprints = shell.output.split(separator: "\n").map(String.init)
        guard fingerprints.count == 2 else { throw TestFailure("the partner's keys are \(shell.output)") }
        (fingerprint, formerFingerprint) = (fingerprints[0], fingerprints[1])
        let names = directory.names(in: ".").filter { $0 != "gnupg" }
        texts = Dictionary(uniqueKeysWithValues: names.compactMap { name in directory.contents(name).map { (name, $0) } })
    }

    func message(_ name: String) throws -> Data {
        guard let message = texts[name] else { throw TestFailure("there is no message \(name)") }
        return message
    }

    /// The contacts, for the one public key in a file of `directory`. It takes no agent to encrypt.
    func encrypted(for key: String, recipient: String, in directory: TemporaryDirectory) throws -> Data {
        try directory.write("contacts.csv.gz", try message("contacts.csv.gz"))
        let script = """
            set -e; cd '\(directory.path)'; mkdir -m 700 gnupg; export GNUPGHOME="$PWD/gnupg"
            gpg --batch --quiet --no-autostart --import \(key)
            gpg --batch --quiet --no-autostart --trust-model always --encrypt --recipient \(recipient) --output message contacts.csv.gz
            """
        let shell = try ChildRun("/bin/sh", ["-c", script]).wait()
        guard shell.status == 0, let message = directory.contents("message") else { throw TestFailure(shell.errors) }
        return message
    }

    private static let script = """
        set -e
        mkdir -m 700 gnupg
        export GNUPGHOME="$PWD/gnupg"
        trap 'gpgconf --kill gpg-agent' EXIT
        g() { gpg --batch --quiet --trust-model always --pinentry-mode loopback --passphrase "$@"; }
        past='--faked-system-time 20200101T000000!'
        g "$PASSPHRASE" --quick-generate-key 'Imports <imports@example.com>' future-default default never
        g '' --quick-generate-key 'Partner <partner@example.org>' future-default default never
        g '' --quick-generate-key 'Stranger <stranger@example.net>' ed25519 sign never
        g '' --quick-generate-key 'Former <former@example.org>' future-default default never
        g '' $past --quick-generate-key 'Old imports <old@example.com>' future-default default 30d
        gzip -n contacts.csv
        send() { name=$1; shift; g '' --output "$name" "$@" contacts.csv.gz; }
        send signed --encrypt --recipient imports@example.com --sign --local-user partner@example.org
        send unsigned --encrypt --recipient imports@example.com
        send stranger --encrypt --recipient imports@example.com --sign --local-user stranger@example.net
        send elsewhere --encrypt --recipient partner@example.org
        send old $past --encrypt --recipient old@example.com
        send withdrawn --encrypt --recipient former@example.org
        send former --encrypt --recipient imports@example.com --sign --local-user former@example.org
        send open --sign --local-user partner@example.org
        g "$PASSPHRASE" --armor --export-secret-keys imports@example.com > imports.asc
        g '' --armor --export-secret-keys old@example.com > old.asc
        g '' --armor --export partner@example.org > partner.asc
        g '' --armor --export stranger@example.net > stranger.asc
        fingerprint() { g '' --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" { print $10; exit }'; }
        fingerprint partner@example.org
        fingerprint former@example.org
        sed 's/^:---/---/' "gnupg/openpgp-revocs.d/$(fingerprint former@example.org).rev" > former.rev
        g '' --import former.rev
        g '' --armor --export-secret-keys former@example.org > former.asc
        """
}
