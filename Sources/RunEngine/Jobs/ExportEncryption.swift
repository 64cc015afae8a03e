import ConnectModel

/// How the files of an export are encrypted (EXP-5).
struct ExportEncryption: Sendable {
    /// Fingerprints, addresses or names of keys in the key ring.
    var recipients: [String]
    /// The key that the message is signed with; nil: it is not signed.
    var signer: String?
    /// As text (ASCII armour) instead of bytes.
    var isArmored: Bool

    /// nil when the job does not encrypt.
    init?(_ values: DefinitionValues) throws {
        guard try values.choice("file", "encryption") == Encryption.pgp else { return nil }
        recipients = try values.strings("file", "recipients")
        signer = values.optionalString("file", "sign_with")
        isArmored = try values.boolean("file", "armored")
    }

    /// What can be said without the key ring.
    var problems: [Problem] {
        recipients.isEmpty
            ? [Problem(path: "file.recipients", message: "An encrypted file is for somebody: name the keys of its recipients in file.recipients.")]
            : []
    }

    /// Whether a job uses a private key of the ring.
    static func signs(_ definition: [String: JSONValue]) -> Bool {
        let file = definition["file"]
        return file?["encryption"]?.stringValue == Encryption.pgp.rawValue && file?["sign_with"]?.stringValue != nil
    }

    static let fields: [JobField] = [
        JobField(
            "file.encryption", .choice(Encryption.allCases.map(\.rawValue)), default: .string("none"), example: "pgp",
            "pgp encrypts the file, after its compression, for the keys of file.recipients (EXP-5); its name gets the extension .gpg unless it ends in .pgp, .gpg or .asc."
        ),
        JobField(
            "file.recipients", .strings, default: .array([]), example: "[data@partner.example]",
            "Keys of the key ring that the file is encrypted for, by fingerprint, address or name; each of their owners can read it."),
        JobField(
            "file.sign_with", .string, example: "us@example.com",
            "Key of the key ring that an encrypted file is signed with, too; its private half must be there. Left out: no signature."),
        JobField(
            "file.armored", .boolean, default: .bool(false), example: "true",
            "Whether an encrypted file is written as text (ASCII armour); its extension is then .asc."),
    ]
}
