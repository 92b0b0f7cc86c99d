import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CompanySchema,
  CompanyStatus,
  type Company,
} from "@function-backend/api/function/company/v1/company";
import { CompanyService } from "@function-backend/api/function/company/v1/company_service";

test("a company survives the wire", () => {
  const sent: Company = create(CompanySchema, {
    id: "0198c0de-0000-7000-8000-000000000001",
    legalName: "Müller Maschinenbau GmbH",
    status: CompanyStatus.ACTIVE,
  });
  const received = fromBinary(CompanySchema, toBinary(CompanySchema, sent));
  assert.deepEqual(received, sent);
});

test("the service keeps its wire name", () => {
  assert.equal(CompanyService.typeName, "function.company.v1.CompanyService");
  assert.equal(CompanyService.method.getCompany.name, "GetCompany");
});
