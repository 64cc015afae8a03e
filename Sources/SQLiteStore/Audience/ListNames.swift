import ConnectModel

/// Which names lists and fields may have.
enum ListNames {
    private static let listMarks = Set(" _!-=@[]{}".unicodeScalars)

    /// Throws `list.name`.
    static func check(list name: String) throws {
        let scalars = name.unicodeScalars
        guard (1...100).contains(scalars.count), scalars.first != " ", scalars.last != " ",
            scalars.allSatisfy({ isLetterOrDigit($0) || listMarks.contains($0) })
        else { throw AudienceStoreError.listName(name) }
    }

    /// Throws `field.name` or `field.exists`.
    static func check(_ fields: [Field], beside present: [Field], of list: String) throws {
        var taken = Set(present.map(\.name))
        for field in fields {
            let scalars = field.name.unicodeScalars
            guard (1...100).contains(scalars.count), let first = scalars.first, isLetterOrDigit(first), !("0"..."9").contains(first),
                scalars.last != "_", scalars.allSatisfy({ isLetterOrDigit($0) || $0 == "_" }), field.name == field.name.uppercased()
            else { throw AudienceStoreError.fieldName(field.name) }
            guard taken.insert(field.name).inserted else { throw AudienceStoreError.fieldTwice(field.name, list) }
        }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
