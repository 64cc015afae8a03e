import ArgumentParser
import ConnectModel

/// What tables of one kind are called on the command line. The verbs are the same for all.
protocol TableNoun {
    static var command: String { get }
    static var kinds: [TableKind] { get }
    static var noun: String { get }
    static var example: String { get }
}

enum ListNoun: TableNoun {
    static let command = "lists"
    static let kinds: [TableKind] = [.list]
    static let noun = "list"
    static let example = "CONTACTS"
}

enum PetNoun: TableNoun {
    static let command = "pets"
    static let kinds: [TableKind] = [.pet, .appPet]
    static let noun = "PET"
    static let example = "LOYALTY"
}

enum SupplementalNoun: TableNoun {
    static let command = "tables"
    static let kinds: [TableKind] = [.supplemental]
    static let noun = "table"
    static let example = "ORDERS"
}

enum AppNoun: TableNoun {
    static let command = "apps"
    static let kinds: [TableKind] = [.app]
    static let noun = "App Channel list"
    static let example = "\"CONTACTS apps\""
}

struct ListsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lists", abstract: "Profile lists: the people, their fields, a look at the rows.",
        subcommands: [
            ListsCreate.self, TableList<ListNoun>.self, TableShow<ListNoun>.self, TableCount<ListNoun>.self, TableQueryCommand<ListNoun>.self,
            TableCustomEvents<ListNoun>.self, TableAlter<ListNoun>.self, TableDrop<ListNoun>.self,
        ])
}

struct PetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pets", abstract: "Profile extension tables (PETs): one row a person of a list, or an install of its App Channel list.",
        subcommands: [
            PetsCreate.self, TableList<PetNoun>.self, TableShow<PetNoun>.self, TableCount<PetNoun>.self, TableQueryCommand<PetNoun>.self,
            TableCustomEvents<PetNoun>.self, TableAlter<PetNoun>.self, TableDrop<PetNoun>.self, PetsExpire.self,
        ])
}

struct TablesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables", abstract: "Supplemental tables: rows of your own making, unique by key fields where the table has some.",
        subcommands: [
            TablesCreate.self, TableList<SupplementalNoun>.self, TableShow<SupplementalNoun>.self, TableCount<SupplementalNoun>.self,
            TableQueryCommand<SupplementalNoun>.self, TableAlter<SupplementalNoun>.self, TableDrop<SupplementalNoun>.self,
        ])
}

struct AppsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps", abstract: "App Channel lists: the app installs of a profile list's people.",
        subcommands: [
            AppsCreate.self, TableList<AppNoun>.self, TableShow<AppNoun>.self, TableCount<AppNoun>.self, TableQueryCommand<AppNoun>.self,
            TableCustomEvents<AppNoun>.self, TableDrop<AppNoun>.self,
        ])
}
