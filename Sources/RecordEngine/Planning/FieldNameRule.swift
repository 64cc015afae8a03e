/// What a field may be called (IMP-6, guide §3.5): at most 30 characters of A–Z, 0–9 and `_`, a letter or digit in front, upper case.
public enum FieldNameRule {
    public static let maximumLength = 30

    /// The name a column of a file has as a field: upper-cased, every other character replaced by `_`, `_` in front dropped, cut at 30.
    public static func normalised(_ name: String) -> String {
        let replaced = name.uppercased().unicodeScalars.map { isAllowed($0) ? Character($0) : "_" }
        return String(replaced.drop { $0 == "_" }.prefix(maximumLength))
    }

    /// Why `name` cannot be the name of a new field as it stands, or nil. Case does not matter.
    public static func problem(with name: String) -> String? {
        if name.isEmpty { return "A field needs a name." }
        if name.unicodeScalars.count > maximumLength {
            return
                "\"\(name)\" has \(name.unicodeScalars.count) characters; a field's name has at most \(maximumLength). "
                + "\"\(normalised(name))\" would do."
        }
        if let wrong = name.uppercased().unicodeScalars.first(where: { !isAllowed($0) }) {
            return "\"\(name)\" holds \"\(wrong)\"; a field's name is made of letters A to Z, digits and _."
        }
        return name.hasPrefix("_") ? "\"\(name)\" begins with _; a field's name begins with a letter or digit." : nil
    }

    /// Whether a name looks like a system field's, all of which end in `_`.
    public static func isReserved(_ name: String) -> Bool { name.hasSuffix("_") }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
    }
}
