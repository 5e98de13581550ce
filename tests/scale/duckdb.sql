set TimeZone = 'UTC';
create or replace view usage as from read_parquet('archive/**/usage.parquet', hive_partitioning = true);
create or replace view customers as from read_csv('customers.csv', all_varchar = true);
-- a part of a cost by messages, rounded down to its 22nd decimal
create or replace macro share(cost, part, total) as
  cast(replace(cast(cost * part as varchar), '.', '') as hugeint) // total * 0.0000000000000000000001;
