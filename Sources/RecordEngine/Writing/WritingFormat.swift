/// How records are written to a text file (EXP-4): the counterpart of `DelimitedFormat`, which reads them back.
public struct WritingFormat: Sendable, Equatable {
    public enum LineEnd: String, Sendable, CaseIterable {
        case lf, crlf, cr

        var bytes: [UInt8] {
            switch self {
            case .lf: [0x0A]
            case .crlf: [0x0D, 0x0A]
            case .cr: [0x0D]
            }
        }
    }

    /// Which values stand between enclosures.
    public enum Enclosing: String, Sendable, CaseIterable {
        /// Those that could not be told apart without.
        case needed
        /// Every value of a text column.
        case text
        /// Every value.
        case all
    }

    /// What becomes of a value that would need an enclosure in a file that has none.
    public enum Unenclosed: String, Sendable, CaseIterable {
        /// The file is not written; the error names the column.
        case refuse
        /// Delimiters and line ends in it become blanks, which are counted.
        case replace
        /// A backslash stands before each delimiter, line end and backslash in it.
        case escape
    }

    public enum FormulaGuard: String, Sendable, CaseIterable {
        case off
        /// An apostrophe before a value that a spreadsheet would take for a formula: one that begins with `=`, `+`, `-`, `@`, tab or CR.
        case prefix
    }

    /// Delimiter, enclosure, header; its record limit is of no meaning here.
    public var layout: DelimitedFormat
    public var lineEnd: LineEnd
    public var enclosing: Enclosing
    public var unenclosed: Unenclosed
    public var formulaGuard: FormulaGuard

    public init(
        _ layout: DelimitedFormat, lineEnd: LineEnd = .lf, enclosing: Enclosing = .needed, unenclosed: Unenclosed = .refuse,
        formulaGuard: FormulaGuard = .off
    ) {
        self.layout = layout
        self.lineEnd = lineEnd
        self.enclosing = enclosing
        self.unenclosed = unenclosed
        self.formulaGuard = formulaGuard
    }
}
