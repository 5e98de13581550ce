//! What FOCUS wants to be said about a dataset outside of it: who made it, its schema, and which file is of which schema.

use serde::Serialize;
use uuid::{Builder, Uuid};

use crate::billing::money::TABLE_SCALE;
use crate::report::json::pretty;
use crate::report::parquet::PRECISION;
use crate::report::table::{Cells, Table};
use crate::sha256;

/// The version of FOCUS.
const FOCUS_VERSION: &str = "1.2";
/// When the columns became what they are. A schema is an object that never changes: other columns, another date.
const CREATED: &str = "2026-11-21T00:00:00Z";

/// Who makes the dataset, in a file of its own.
pub(super) fn data_generator() -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct DataGenerator {
        data_generator: &'static str,
    }
    pretty(&DataGenerator { data_generator: "subledger" })
}

/// The schema of the dataset.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Schema {
    #[serde(rename = "SchemaId")]
    id: Uuid,
    focus_version: &'static str,
    creation_date: &'static str,
    column_definition: Vec<Column>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Column {
    #[serde(rename = "ColumnName")]
    name: &'static str,
    data_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numeric_precision: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_scale: Option<u32>,
}

/// A file of data, by its path below `focus/`.
#[derive(Serialize)]
pub(super) struct DataFile {
    pub(super) filepath: String,
    pub(super) total_bytes: usize,
    pub(super) total_rows: usize,
}

impl Schema {
    /// The schema of a table. Its id is made from what it says, so that it is the same every night.
    pub(super) fn of(table: &Table<'_>) -> Self {
        let columns: Vec<Column> = table.columns.iter().map(|(spec, cells)| Column::of(spec.name, cells)).collect();
        let said = pretty(&(FOCUS_VERSION, &columns));
        let mut id = [0; 16];
        for (byte, hashed) in id.iter_mut().zip(sha256::raw(&said)) {
            *byte = hashed;
        }
        Self {
            id: Builder::from_custom_bytes(id).into_uuid(),
            focus_version: FOCUS_VERSION,
            creation_date: CREATED,
            column_definition: columns,
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        pretty(self)
    }

    /// What leads from a file of data to its schema without opening it.
    pub(super) fn reference(&self, file: DataFile) -> Vec<u8> {
        #[derive(Serialize)]
        struct Reference {
            #[serde(rename = "SchemaId")]
            schema_id: Uuid,
            data_location: [DataFile; 1],
        }
        pretty(&Reference { schema_id: self.id, data_location: [file] })
    }
}

impl Column {
    fn of(name: &'static str, cells: &Cells<'_>) -> Self {
        let (data_type, number_scale) = match cells {
            Cells::Text(_) | Cells::Shared { .. } => ("STRING", None),
            Cells::Integer(_) => ("DECIMAL", Some(0)),
            Cells::Decimal { scale, .. } => ("DECIMAL", Some(*scale)),
            Cells::Exact { .. } => ("DECIMAL", Some(TABLE_SCALE)),
            Cells::Date(_) | Cells::Timestamp(_) => ("DATETIME", None),
        };
        let string_encoding = (data_type == "STRING").then_some("UTF-8");
        Self { name, data_type, string_encoding, numeric_precision: number_scale.map(|_| PRECISION), number_scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Spec;

    fn id(name: &'static str, cells: Cells) -> Uuid {
        let spec = Spec::new(name, "", "");
        Schema::of(&Table { columns: vec![(spec, cells)] }).id()
    }

    #[test]
    fn the_id_is_that_of_the_columns_and_not_of_the_cells() {
        let decimal = |scale, cell| Cells::Decimal { scale, units: vec![Some(cell)] };
        let first = id("a", decimal(2, 1));
        assert_eq!(first, id("a", decimal(2, 7)));
        assert_eq!((first.get_version_num(), first.get_variant()), (8, uuid::Variant::RFC4122));
        for other in [id("b", decimal(2, 1)), id("a", decimal(3, 1)), id("a", Cells::Text(vec![None]))] {
            assert_ne!(first, other);
        }
    }
}
