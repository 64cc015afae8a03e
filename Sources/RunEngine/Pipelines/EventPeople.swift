import ConnectModel
import StoreAPI

/// Whom the custom events of a table are about: its rows are people of a list, or more about them, or their app installs.
struct EventPeople {
    struct Person {
        var customer: String?
        var email: String?
    }

    /// The profile list; nil where the rows are about nobody.
    private let list: String?
    /// The App Channel list whose installs the rows are, or belong to.
    private let installs: String?
    private let audience: any AudienceStore

    init(of table: AudienceTable, in audience: any AudienceStore) throws {
        self.audience = audience
        installs =
            switch table.kind {
            case .app: table.name
            case .appPet: table.owner
            case .list, .pet, .supplemental: nil
            }
        list =
            switch table.kind {
            case .list: table.name
            case .pet: table.owner
            case .app, .appPet: try installs.flatMap { try audience.table(named: $0).owner }
            case .supplemental: nil
            }
    }

    /// The list that `RIID_` of the rows is of; empty where they are installs, which have numbers of their own.
    var listOfRecipients: String { installs == nil ? list ?? "" : "" }

    /// As the list has them now, by the `RIID_` of the rows. Who is not in the list any more is left out.
    func people(of recipients: [Int64]) throws -> [Int64: Person] {
        guard let list else { return [:] }
        guard let installs else { return try people(recipients, in: list) }
        let owners = try audience.values(of: ["PROFILE_RIID_"], in: installs, ids: recipients).compactMapValues { $0[0].flatMap(Int64.init) }
        let people = try people(Array(Set(owners.values)), in: list)
        return owners.compactMapValues { people[$0] }
    }

    private func people(_ ids: [Int64], in list: String) throws -> [Int64: Person] {
        try audience.values(of: ["CUSTOMER_ID_", "EMAIL_ADDRESS_"], in: list, ids: ids).mapValues { Person(customer: $0[0], email: $0[1]) }
    }
}
