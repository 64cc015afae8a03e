/// A mapping file as a job holds it (guide §5.4): the names of the columns, or pairs of incoming field and field.
struct MappingText {
    /// Names of the columns in order; empty when the file holds pairs.
    let names: [String]
    /// Incoming field to field; empty when the file holds names.
    let pairs: [String: String]
    let problems: [String]

    init(_ text: String, delimiter: String, enclosure: String, hasNames: Bool) {
        guard delimiter == "tab" || delimiter.count == 1, let separator: Character = delimiter == "tab" ? "\t" : delimiter.first else {
            (names, pairs, problems) = ([], [:], ["The delimiter of the mapping file is one character, or tab."])
            return
        }
        let mark: Character? = enclosure == "double" ? "\"" : enclosure == "single" ? "'" : nil
        let lines = text.split(whereSeparator: \.isNewline).map { Self.fields(String($0), separator, mark) }.filter { $0 != [""] }
        var problems: [String] = []
        if hasNames {
            let first = lines.first ?? []
            if first.isEmpty { problems.append("The mapping file names no columns.") }
            for (index, name) in first.enumerated() where name.isEmpty { problems.append("Column \(index + 1) of the mapping file has no name.") }
            for (name, uses) in Dictionary(grouping: first, by: { $0.uppercased() }).sorted(by: { $0.key < $1.key })
            where uses.count > 1 && !name.isEmpty {
                problems.append("The mapping file names \(name) \(uses.count) times; rename all but one.")
            }
            (names, pairs) = (first, [:])
        } else {
            var pairs: [String: String] = [:]
            for (index, line) in lines.enumerated() {
                if line.count == 2, line.allSatisfy({ !$0.isEmpty }), pairs[line[0]] == nil {
                    pairs[line[0]] = line[1]
                } else {
                    problems.append("Line \(index + 1) of the mapping file is not an incoming field and the field it matches, once each.")
                }
            }
            (names, self.pairs) = ([], pairs)
        }
        self.problems = problems
    }

    /// One line; a doubled mark within marks stands for itself.
    private static func fields(_ line: String, _ separator: Character, _ mark: Character?) -> [String] {
        var fields: [String] = [""]
        var isInside = false
        var characters = Substring(line)
        while let character = characters.popFirst() {
            if let mark, character == mark {
                if isInside, characters.first == mark {
                    fields[fields.count - 1].append(mark)
                    characters.removeFirst()
                } else {
                    isInside.toggle()
                }
            } else if character == separator, !isInside {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields.map { field in
            let start = field.drop { $0 == " " }
            return String(start.reversed().drop { $0 == " " }.reversed())
        }
    }
}
