/// The form of an e-mail address that a message is sent to (ACT-1): what the far side might take, and nothing that could be taken for a command.
public enum MailAddress {
    /// Why the text is not an address, or nil.
    public static func problem(with text: String) -> String? {
        let quoted = "\"\(text.unicodeScalars.prefix(80).map { $0.value < 0x20 ? " " : String($0) }.joined())\""
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, parts[0].utf8.count <= 64 else {
            return "\(quoted) is not an e-mail address; write one as name@example.com."
        }
        let local = "!#$%&'*+-/=?^_`{|}~.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let isDomain = labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && label.first != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        guard parts[0].allSatisfy(local.contains), isDomain else {
            return "\(quoted) holds characters that an e-mail address here may not; write it as name@example.com."
        }
        return nil
    }

    /// Addresses of a list whose entries may themselves be separated by commas, each once and in order.
    public static func list(_ entries: [String]) -> [String] {
        var seen = Set<String>()
        return entries.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks() }.filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> String {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
