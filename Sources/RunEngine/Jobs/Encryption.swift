/// How a file is encrypted (IMP-4).
public enum Encryption: String, Sendable, CaseIterable {
    case none, pgp

    private static let endings = [".pgp", ".gpg", ".asc"]

    /// By the end of a file's name.
    public init(fileName: String) {
        self = Self.endings.contains(where: fileName.lowercased().hasSuffix) ? .pgp : .none
    }

    /// The name of what is in the file: without the end that says how it is encrypted.
    func innerName(of fileName: String) -> String {
        guard self == .pgp, let ending = Self.endings.first(where: fileName.lowercased().hasSuffix) else { return fileName }
        return String(fileName.dropLast(ending.count))
    }

    /// Whether a job with this setting may meet an encrypted file: only `auto` depends on the name, which a pattern may leave open.
    static func mayBeUsed(setting: String?, fileName: String) -> Bool {
        switch setting.flatMap(Encryption.init(rawValue:)) {
        case .some(.none): false
        case .some(.pgp): true
        case nil: Encryption(fileName: fileName) == .pgp || fileName.hasSuffix("*") || fileName.hasSuffix("?")
        }
    }
}

/// What a job wants of the signature of an encrypted file.
public enum SignatureWish: String, Sendable, CaseIterable {
    case none, required
    case whenPresent = "when_present"
}
