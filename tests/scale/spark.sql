set time zone 'UTC';
-- a difference of two DECIMAL(38,22) keeps all 22 decimals
set spark.sql.decimalOperations.allowPrecisionLoss = false;
create or replace temporary view usage using parquet
  options (path 'archive/parent=*/period=*/capture=*/usage.parquet', basePath 'archive');
create or replace temporary view customers using csv options (path 'customers.csv', header true);
create or replace temporary function share(cost decimal(38, 22), part bigint, total bigint) returns decimal(38, 22)
  return (cost * part - cost * part % (total * 0.0000000000000000000001)) / total;
