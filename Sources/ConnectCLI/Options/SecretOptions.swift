import ArgumentParser
import ConnectModel
import Foundation

/// Secrets on the command line: how they come, never what they are (OPS-3).
struct SecretOptions: ParsableArguments {
    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp("Ask for a secret at the terminal, or read one line of standard input each.", valueName: "key"))
    var prompted: [String] = []

    @Option(name: .customLong("secret-file"), help: ArgumentHelp("Store the contents of a file as a secret.", valueName: "key=path"))
    var files: [String] = []

    @Option(
        name: .customLong("secret-from"),
        help: ArgumentHelp("Leave a secret where it is: env:NAME or file:/PATH, read at each run.", valueName: "key=reference"))
    var referenced: [String] = []

    func values() throws -> [String: Secret] {
        var secrets = try OptionPairs.read(files, "--secret-file").mapValues { path in
            guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
                throw ConnectError("secret.file", .configuration, "The secret file \(path) is empty or cannot be read.")
            }
            return Secret(String(decoding: data, as: UTF8.self))
        }
        for key in prompted { secrets[key] = try SecretPrompt.ask(key) }
        return secrets
    }

    func references() throws -> [String: SecretReference] {
        try OptionPairs.read(referenced, "--secret-from").mapValues { text in
            guard let reference = SecretReference(text), reference != .vault else {
                throw ConnectError("secret.reference", .configuration, "\"\(text)\" is not a reference; write env:NAME or file:/PATH.")
            }
            return reference
        }
    }
}

/// Settings and secrets of one thing.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A setting; may be given several times. An empty value takes it back to its default.", valueName: "key=value"))
    var given: [String] = []
    @OptionGroup var secrets: SecretOptions

    func settings() throws -> [String: String] { try OptionPairs.read(given, "--set") }
}

/// "key=value" as it comes from a command line.
enum OptionPairs {
    static func read(_ texts: [String], _ option: String) throws -> [String: String] {
        try texts.reduce(into: [:]) { pairs, text in
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw ValidationError("\(option) takes key=value; \"\(text)\" has no \"=\".")
            }
            pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
    }
}

/// Without an echo on a terminal; a plain line from a pipe.
enum SecretPrompt {
    static func ask(_ key: String) throws -> Secret {
        var line: String?
        if isatty(0) != 0 {
            var old = termios()
            tcgetattr(0, &old)
            var silent = old
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(0, TCSANOW, &silent)
            defer {
                tcsetattr(0, TCSANOW, &old)
                Output.complain("")
            }
            FileHandle.standardError.write(Data("\(key): ".utf8))
            line = readLine()
        } else {
            line = readLine()
        }
        guard let line, !line.isEmpty else { throw ConnectError("secret.empty", .configuration, "No value was given for the secret \"\(key)\".") }
        return Secret(line)
    }
}
