import ConnectModel
import Foundation

/// Where every command's result leaves: text for people or JSON for programs, never both.
struct Output {
    let json: Bool

    init(_ options: OutputOptions) { json = options.json }

    /// Prints the value as JSON, or the text.
    func show(_ value: some Encodable, text: @autoclosure () -> String) throws {
        print(json ? try Self.encoded(value) : text())
    }

    static func encoded(_ value: some Encodable) throws -> String {
        let encoder = encoder
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Keys are snake_case everywhere; names that people gave (fields, reasons, settings) stay as they are.
    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }

    /// One JSON value on one line.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = encoder
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// What `{"error": …}` holds; keys are a contract (OPS-4).
struct ErrorReport: Encodable {
    struct Body: Encodable {
        var code: String
        var category: ErrorCategory
        var message: String
        var remedy: String?
    }

    var error: Body

    init(_ error: ConnectError) {
        self.error = Body(code: error.code, category: error.category, message: error.message, remedy: error.remedy)
    }
}

/// Exit codes, documented in Docs/cli.md.
enum ExitStatus: Int32 {
    case ok = 0
    case runFailed = 1
    case usage = 2
    case configuration = 3
    case connection = 4
    case other = 5

    init(_ error: ConnectError) {
        switch error.category {
        case .configuration: self = .configuration
        case .authentication, .transient: self = .connection
        case .data, .cancelled: self = .runFailed
        case .internal: self = .other
        }
    }
}
